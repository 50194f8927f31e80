from __future__ import annotations

import pytest
from handmade import BLEU, bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.best_systems import compare
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import Board

SOURCES = 40
AXIS = Axis(BLEU, "expected", "sentence BLEU")


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
    found = compare(board, "toy", AXIS)
    assert found.best == "best"
    assert [name for name, _ in found.equals] == ["same"]
    assert [name for name, _ in found.worse] == ["below"]
    assert found.copy.value == pytest.approx(0.39375)
    assert found.beat_copy == ("best", "same")
    assert found.below_copy == ("below",)


def test_without_values_nothing_is_claimed(tmp_path):
    trials = [trial("a", bleu(0.9)), trial("b", bleu(0.1))]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert compare(board, "toy", AXIS).worse == ()


def test_who_lacks_the_quality_is_not_compared(tmp_path):
    trials = [trial("a", bleu(0.9)), trial("b", bleu(None)), trial("broken", None)]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    found = compare(board, "toy", AXIS)
    assert (found.best, found.equals, found.worse) == ("a", (), ())


def test_no_model_no_comparison(tmp_path):
    trials = [trial("copy-source", bleu(0.9), family="yardstick")]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert compare(board, "toy", AXIS) is None
    assert compare(board, "toy", Axis("unknown", "expected", "unknown")) is None
