from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from benchmark.api import UserError
from benchmark.verification.raw_records import RawRecord, read_raw_report
from benchmark.verification.record_comparison import compare, first_difference, without_clocks


@pytest.fixture
def record(kept) -> RawRecord:
    return read_raw_report(kept.report).records[0]


@pytest.mark.parametrize(
    ("stored", "fresh", "found"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ("a 1 b", 2, 3)),
        ({"a": [1, 2]}, {"a": [1]}, ("a count", 2, 1)),
        ({"a": 1}, {"a": 1.0}, ("a", 1, 1.0)),  # other bytes
        ({"a": 1}, {"a": True}, ("a", 1, True)),
        ({"a": None}, {}, ("a", None, "nothing")),
        ({}, {"a": 1}, ("a", "nothing", 1)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None),
    ],
)
def test_first_difference(stored, fresh, found):
    difference = first_difference(stored, fresh)
    place = difference and (difference.where, difference.stored, difference.fresh)
    assert place == found


def test_keys_that_an_older_record_lacks_can_be_ignored():
    assert first_difference({"a": 1}, {"a": 1, "b": 2}, same_keys=False) is None
    assert first_difference({"a": 1, "b": 2}, {"a": 1}, same_keys=False) is not None


def test_clocks_are_left_out_at_every_depth():
    record = {"cost": {"rows": 2, "wall_s": 1.5}, "events": [{"loss": 1, "seconds": 3}]}
    assert without_clocks(record) == {"cost": {"rows": 2}, "events": [{"loss": 1}]}


def test_what_is_said_of_likelihoods_is_compared(record, monkeypatch):
    monkeypatch.setattr(RawRecord, "likelihoods", [])

    def said(**likelihood: object) -> RawRecord:
        keys = dict(record.keys) | {"likelihood": "of both"}
        return replace(record, line=dict(record.line) | {"keys": keys, "likelihood": likelihood})

    (found,) = compare(said(kind="lower bound"), said(kind="exact")).differences
    assert (found.part, found.where) == ("likelihoods", "kind")
    assert compare(said(kind="exact"), said(kind="exact")).differences == ()


def test_costs_of_other_batches_are_not_compared_and_that_is_said(record):
    line = copy.deepcopy(dict(record.line))
    line["cost"]["depth"] = 1e6
    other = replace(record, line=line, run=dict(record.run) | {"suite_yaml": ""})
    found = compare(record, other)
    assert found.differences == ()
    assert any("costs are not compared" in note for note in found.notes)
    found = compare(record, replace(record, line=line))
    assert [difference.part for difference in found.differences] == ["cost"]


@pytest.mark.parametrize("suite", ["hello", "[]", "evaluation: [1]", "{a: ["])
def test_a_suite_that_cannot_be_read_is_a_sentence(record, suite):
    other = replace(record, run=dict(record.run) | {"suite_yaml": suite})
    if suite.startswith("{"):
        with pytest.raises(UserError, match="is not valid YAML"):
            compare(record, other)
    else:
        assert any("costs are not compared" in note for note in compare(record, other).notes)
