from __future__ import annotations

import numpy as np
import pytest
from handmade import BLEU, bleu, metric, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.verdicts import (
    column_of,
    compared_points,
    find_saturation,
    rank_models,
    task_verdicts,
    warn_of_seeds,
)
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import Board
from benchmark.report.tables.table import build_table

SOURCES = 40
AXIS = Axis(BLEU, "expected", "sentence BLEU")
COLUMN = column_of(AXIS)


def rows(shift):
    # Sources differ far more than systems do: only a paired test can see the shift.
    return [{BLEU: [0.0, i / SOURCES + 2 * shift]} for i in range(SOURCES)]


@pytest.fixture
def board(tmp_path):
    shifts = {"best": 0.20, "same": 0.20, "below": 0.15, "copy-source": 0.15}
    trials = [
        trial(
            name,
            bleu(shift + 0.24375, half=0.1),
            family="yardstick" if name == "copy-source" else "autoregressive",
        )
        for name, shift in shifts.items()
    ]
    values = {f"score-{name}-main-1": rows(shift) for name, shift in shifts.items()}
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_paired_test_sees_what_intervals_hide(board):
    found = rank_models(board, "toy", AXIS)
    assert (found.best, found.equals, found.worse) == ("best", ("same",), ("below",))
    verdicts = task_verdicts(board, "toy")
    beat_copy = [s for s in found.values if "copy-source" in verdicts.better_than(COLUMN, s)]
    assert beat_copy == ["best", "same"]


def test_without_values_nothing_is_claimed(tmp_path):
    trials = [trial("a", bleu(0.9)), trial("b", bleu(0.1))]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert rank_models(board, "toy", AXIS).worse == ()


def test_who_lacks_the_quality_is_not_compared(tmp_path):
    trials = [trial("a", bleu(0.9)), trial("b", bleu(None)), trial("broken", None)]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert list(rank_models(board, "toy", AXIS).values) == ["a"]


def test_no_model_no_comparison(tmp_path):
    trials = [trial("copy-source", bleu(0.9), family="yardstick")]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert rank_models(board, "toy", AXIS) is None
    assert rank_models(board, "toy", Axis("unknown", "expected", "unknown")) is None


def test_rows_of_the_table_that_are_compared(tmp_path):
    trials = [
        trial("a", bleu(0.5)),
        trial("lost", None),
        trial("copy-source", bleu(0.1), family="yardstick"),
        trial("reference", bleu(1.0), family="yardstick"),
    ]
    values = {
        f"score-{name}-main-1": [{BLEU: [v, v]}] * 30
        for name, v in (("a", 0.5), ("copy-source", 0.1), ("reference", 1.0))
    }
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    assert [p.system for p in compared_points(board, "toy")] == ["a", "copy-source"]
    found = task_verdicts(board, "toy")
    assert found.better_than(COLUMN, "a") == ("copy-source",)


def test_more_candidates_of_fewer_sources_decide_nothing(tmp_path):
    # The main setting of the first system failed: its others must not say which sources count.
    trials = [
        trial("a", None),
        trial("a", bleu(0.7), label="main, mbr", roles=["mbr"]),
        trial("b", bleu(0.5)),
        trial("c", bleu(0.1)),
    ]
    values = {"score-a-main, mbr-1": [{BLEU: [0.7, 0.7]}] * 8} | {
        f"score-{name}-main-1": [{BLEU: [v, v]}] * 30 for name, v in (("b", 0.5), ("c", 0.1))
    }
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    assert task_verdicts(board, "toy").better_than(COLUMN, "b") == ("c",)


def board_of(tmp_path, trials, values=None):
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_equal_numbers_have_equal_verdicts_wherever_they_stand(tmp_path):
    rng = np.random.default_rng(11)
    shared = rng.random(40)
    trials, values = [], {}
    for number, name in enumerate("abcd"):
        trials.append(trial(name, bleu(0.5)))
        noisy = shared + rng.normal(0.03 * number, 0.1, 40)
        values[f"score-{name}-main-1"] = [{BLEU: [v, v]} for v in noisy]
    verdicts = task_verdicts(board_of(tmp_path, trials, values), "toy")
    # One setting each: what a budget buys is the setting of the main table.
    main, depth = (
        [(p.first, p.second, p.p_both, p.adjusted) for p in verdicts.of(column)]
        for column in (COLUMN, "depth")
    )
    assert main == depth
    assert any(p > 0.05 for *_, p in main) and any(p <= 0.05 for *_, p in main)


def test_one_seed_is_said_to_be_one(tmp_path):
    one = [trial(name, bleu(0.5)) for name in "ab"]
    ends = "differences are between these trained networks, not between methods."
    assert warn_of_seeds(board_of(tmp_path / "1", one)) == f"One seed: {ends}"
    some = [*one, trial("b", bleu(0.5), seed=2)]
    few = "only a difference far beyond that between seeds can be shown; take five."
    told = warn_of_seeds(board_of(tmp_path / "2", some))
    assert told == f"One seed of a: {ends} Two seeds of b: {few}"
    two = [*some, trial("a", bleu(0.5), seed=4)]
    assert warn_of_seeds(board_of(tmp_path / "3", two)) == f"Two seeds: {few}"
    more = [*two, trial("a", bleu(0.5), seed=5)]
    told = warn_of_seeds(board_of(tmp_path / "5", more))
    assert told == f"Two seeds of b: {few}"
    three = [trial(name, bleu(0.5), seed=seed) for name in "ab" for seed in (1, 2, 3)]
    assert warn_of_seeds(board_of(tmp_path / "4", three)) == ""


def validity(values):
    mean = float(np.mean(values))
    return {"validity": metric({"expected": {"value": mean}}, title="validity")}


def saturation(tmp_path, systems, **facts):
    rows = {
        name: [[1.0, 1.0]] * (SOURCES - failures) + [[0.0, 1.0]] * failures
        for name, failures in systems.items()
    }
    trials = [
        trial(name, validity(of), family=facts.get(name, "edit")) for name, of in rows.items()
    ]
    values = {f"score-{name}-main-1": [{"validity": v} for v in of] for name, of in rows.items()}
    return find_saturation(board_of(tmp_path, trials, values), "toy")


def test_a_task_is_saturated_where_all_are_within_their_interval_of_the_ceiling(tmp_path):
    axis, top = saturation(tmp_path / "1", {"a": 0, "b": 1})
    assert (axis.metric, top.value) == ("validity", 1)
    assert saturation(tmp_path / "2", {"a": 0, "b": 8}) is None
    # The ceiling is what the grammar itself scores.
    with_oracle = saturation(tmp_path / "3", {"a": 9, "oracle": 8}, oracle="yardstick")
    assert with_oracle[1].value == pytest.approx(0.9)


def test_what_is_made_of_references_is_compared_with_nobody(tmp_path):
    names = ("best", "below", "copy-source", "reference", "tokenizer-ceiling")
    trials = [
        trial(name, bleu(0.5), family="autoregressive" if at < 2 else "yardstick")
        for at, name in enumerate(names)
    ]
    values = {f"score-{name}-main-1": rows(0.1 + at / 20) for at, name in enumerate(names)}
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    assert {p.system for p in compared_points(board, "toy")} == {*names[:3]}
    named = {name for p in task_verdicts(board, "toy").of(COLUMN) for name in (p.first, p.second)}
    assert named == {*names[:3]}
    table = build_table(board, "toy")
    assert {row.system for row in table.rows if row.letter} == {*names[:3]}
    assert not any(e.bold for row in table.rows if row.yardstick for e in row.entries.values())
