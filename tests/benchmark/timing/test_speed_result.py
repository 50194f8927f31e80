from __future__ import annotations

import json

import pytest

from benchmark.timing.speed_result import Result, Side, Skipped


def side(name, *seconds):
    return Side(name, 60, seconds, calls=10, positions=320.0, parameters=1234)


def test_figures_are_medians():
    result = Result("x-1", side("ours", 1.0, 2.0, 30.0), side("theirs", 3.0, 3.0, 4.0), "alike")
    assert result.ours.rate == 30
    assert result.ratio == pytest.approx(1.5)
    record = json.loads(json.dumps(result.as_dict()))
    assert record["ours"]["slowest"] == 2
    assert record["ours"]["fastest"] == 60
    assert record["ratio"] == 1.5
    first, ours, _, last = result.lines()
    assert first == "x-1: alike"
    assert "30.0 sentences/s  (2.0 to 60.0 in 3 repeats" in ours
    assert last.strip() == "ours / theirs: 1.50"


def test_unit_memory_and_findings_are_told():
    one = Side("ours", 6, (2.0,), 1, 1.0, 1, peak_bytes=3 * 2**20, found={"bleu": 0.25})
    result = Result("x-1", one, one, "alike", unit="pairs")
    lines = list(result.lines())
    assert "3.0 pairs/s" in lines[1] and lines[2].strip() == "bleu 0.25, peak memory 3 MiB"
    record = result.as_dict()
    assert record["unit"] == "pairs" and record["ours"]["pairs_per_second"] == 3.0
    assert record["theirs"]["found"] == {"bleu": 0.25}
    assert record["theirs"]["peak_bytes"] == 3 * 2**20


def test_what_was_skipped_says_why():
    assert list(Skipped("x", "No wheel.").lines()) == ["x: skipped. No wheel."]
    assert Skipped("x", "No wheel.").as_dict() == {"name": "x", "skipped": "No wheel."}
