from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.verification.consistency import find_inconsistency


@pytest.mark.parametrize(
    ("value", "part"),
    [(0.5, None), (1, None), (None, None), (True, "values"), ("1", "values"), ([1.0], "values")],
)
def test_values_are_numbers_or_null(value, part):
    record = SimpleNamespace(
        line={
            "training": None,
            "statuses": {},
            "score": {
                "num_sources": 2,
                "num_samples": 1,
                "metrics": {"validity": {"level": "candidate"}},
            },
        },
        values=[
            {"id": "a", "metrics": {"validity": [1.0]}},
            {"id": "b", "metrics": {"validity": [value]}},
        ],
        keys={},
        keeps_events=False,
        keeps_texts=False,
    )
    found = find_inconsistency(record)
    assert (found and found.part) == part


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([("a", -1.0), ("b", None)], None),
        ([("a", -1.0)], "num_sources"),
        ([("a", -1.0), ("b", -2.0)], "unreachable"),
        ([("a", -1.0), ("a", None)], "a, times"),
    ],
)
def test_likelihoods_agree_with_their_summary(rows, where):
    record = SimpleNamespace(
        line={"score": None, "likelihood": {"num_sources": 2, "unreachable": 1}},
        likelihoods=[{"id": name, "nats": nats} for name, nats in rows],
        keys={"likelihood": "x"},
        keeps_events=False,
        keeps_texts=False,
    )
    found = find_inconsistency(record)
    assert (found and found.where) == where
