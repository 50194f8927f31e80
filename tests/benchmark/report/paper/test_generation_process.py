from __future__ import annotations

import json

import pytest
from handmade import bleu, metric, trial, write_handmade

from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.paper.generation_process import trace_axes, trace_curves


def div_4(value):
    interval = {"value": value, "low": value, "high": value}
    return {"div_4": metric({"set": interval}, title="div-4", level="set")}


def traced(folder, *seeds, steps=(1, 5, 10)):
    """A board with one system; each seed has a quality at every step."""
    trials = [trial("one", bleu(0.3) | div_4(0.5), seed=n) for n in range(1, len(seeds) + 1)]
    for line, values in zip(trials, seeds, strict=True):
        if values is not None:
            line["keys"]["trace"] = f"t{line['seed']}"
    write_handmade(folder, [*trials, trial("two", bleu(0.2) | div_4(0.4))])
    (folder / "records" / "traces").mkdir()
    for number, values in enumerate(seeds, start=1):
        ends = {"value": values, "low": values, "high": values}
        kept = {
            "num_sources": 2, "num_samples": 2, "total": 10, "steps": list(steps),
            "curves": {"bleu_sent_m4": {"expected": ends}},
        }  # fmt: skip
        path = folder / "records" / "traces" / f"t{number}.json"
        path.write_text(json.dumps(kept))
    return Board(read_records(folder))


def test_values_stand_over_the_share_of_the_steps(tmp_path):
    board = traced(tmp_path / "toy", [0.0, 0.1, None])
    quality, diversity = trace_axes(board, "toy")
    assert (quality.metric, diversity.metric) == ("bleu_sent_m4", "div_4")
    curves = trace_curves(board, "toy", quality)
    assert list(curves) == ["one"]
    assert list(curves["one"]) == [10.0, 50.0, 100.0]
    assert [y.value for y in curves["one"].values()][:2] == [0.0, 0.1]
    assert not curves["one"][100.0].defined
    assert trace_curves(board, "toy", diversity) == {}


def test_seeds_are_averaged(tmp_path):
    board = traced(tmp_path / "toy", [0.0, 0.1, 0.2], [0.2, 0.3, 0.4])
    quality, _ = trace_axes(board, "toy")
    ys = trace_curves(board, "toy", quality)["one"].values()
    assert [y.value for y in ys] == pytest.approx([0.1, 0.2, 0.3])


def test_a_trace_that_is_gone_is_one_sentence(tmp_path):
    board = traced(tmp_path / "toy", [0.0, 0.1, 0.2])
    (tmp_path / "toy" / "records" / "traces" / "t1.json").unlink()
    with pytest.raises(UserError, match=r"t1\.json is missing"):
        trace_curves(board, "toy", trace_axes(board, "toy")[0])
