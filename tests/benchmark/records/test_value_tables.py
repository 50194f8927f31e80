"""Values of a trial as arrays."""

from __future__ import annotations

import numpy as np

from benchmark.records.schema import ExampleValues
from benchmark.records.value_tables import tabulate


def row(name, metrics, chosen=None):
    return ExampleValues(id=name, metrics=metrics, mbr_index=chosen)


def test_values_stand_source_by_source():
    table = tabulate([row("a", {"bleu": [0.1, 0.2]}, 1), row("b", {"bleu": [0.3, None]})])
    assert table.sources == ("a", "b")
    assert table.choices.tolist() == [1, 0]
    np.testing.assert_array_equal(table.metrics["bleu"], [[0.1, 0.2], [0.3, np.nan]])


def test_a_metric_that_a_source_lacks_is_undefined_there():
    table = tabulate([row("a", {"x": 1.0}), row("b", {})])
    np.testing.assert_array_equal(table.metrics["x"], [1.0, np.nan])


def test_values_that_make_no_array_are_left_out():
    ragged = tabulate([row("a", {"x": [1.0], "y": 1.0}), row("b", {"x": [1.0, 2.0], "y": 2.0})])
    words = tabulate([row("a", {"x": "no number", "y": 1.0})])
    assert list(ragged.metrics) == list(words.metrics) == ["y"]


def test_nothing_of_nothing():
    assert tabulate([]).size == 0
