from __future__ import annotations

import math

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board


def board_of(tmp_path, trials) -> Board:
    return Board(read_records(write_handmade(tmp_path / "toy", trials)))


def test_systems_stand_by_family_and_yardsticks_last(board):
    assert board.systems == ("worse", "best", "near", "broken", "fixed", "copy-source")


def test_main_points_have_their_measures(board):
    best = board.main("toy", "best")
    assert best.measure("bleu_sent_m4").value == 0.5
    assert best.measure("bleu_sent_m4", "oracle").value == 0.7
    assert not best.measure("never measured").defined
    assert best.keys("score") == ("score-best-main-1",)
    assert best.cost("depth") == 10
    assert math.isnan(best.cost("rows"))


def test_a_time_is_the_median_of_the_seeds_and_other_costs_are_means(tmp_path):
    trials = [trial("a", bleu(0.5), seed=seed, depth=depth) for seed, depth in enumerate((1, 2, 9))]
    for line, seconds in zip(trials, (0.01, 0.5, 0.02), strict=True):
        line["cost"]["seconds_per_candidate"] = seconds
    point = board_of(tmp_path, trials).main("toy", "a")
    assert (point.cost("seconds_per_candidate"), point.cost("depth")) == (0.02, 4)


def test_failed_point_has_no_cells(board):
    broken = board.main("toy", "broken")
    assert broken.trials == ()
    assert broken.failures[0].status == "failed"
    assert not broken.measure("bleu_sent_m4").defined


def sweep(value, **keywords):
    return trial(
        "a", bleu(value), label=f"t={value}", roles=["sweep"], knob_value=value,
        decoding={"temperature": value, "steps": 5}, **keywords,
    )  # fmt: skip


def test_sweep_is_ordered_and_joined_by_the_main_point(tmp_path):
    main = trial("a", bleu(0.5), knob_value=0.5, decoding={"temperature": 0.5, "steps": 5})
    board = board_of(tmp_path, [main, sweep(0.9), sweep(0.1)])
    (curve,) = board.sweeps("toy", "a")
    assert [point.knob_value for point in curve] == [0.1, 0.5, 0.9]


def test_main_point_with_other_settings_stays_off_the_curve(tmp_path):
    main = trial("a", bleu(0.5), knob_value=0.5, decoding={"temperature": 0.5, "steps": 50})
    board = board_of(tmp_path, [main, sweep(0.9), sweep(0.1)])
    (curve,) = board.sweeps("toy", "a")
    assert [point.knob_value for point in curve] == [0.1, 0.9]


@pytest.mark.parametrize("switch", [True, "high", None])
def test_what_is_no_number_stays_off_the_curve(tmp_path, switch):
    point = sweep(0.5)
    point["setting"] |= {"knob_value": switch, "decoding": {"temperature": switch, "steps": 5}}
    (curve,) = board_of(tmp_path / "x", [point, sweep(0.9)]).sweeps("toy", "a")
    assert [point.knob_value for point in curve] == [0.9]
    point["setting"]["roles"] = ["main"]
    (curve,) = board_of(tmp_path / "y", [point, sweep(0.9)]).sweeps("toy", "a")
    assert [point.knob_value for point in curve] == [0.9]


def test_nfe_curve_is_ordered_by_measured_calls(tmp_path):
    trials = [
        trial("a", bleu(0.5), depth=10, decoding={"steps": 10}),
        trial("a", bleu(0.6), label="20", roles=["nfe"], depth=20, decoding={"steps": 20}),
        trial("a", bleu(0.4), label="2", roles=["nfe"], depth=2, decoding={"steps": 2}),
    ]
    curve = board_of(tmp_path, trials).nfe_curve("toy", "a")
    assert [point.cost("depth") for point in curve] == [2, 10, 20]


def test_frame_has_one_row_a_figure_with_its_key(board):
    frame = board.frame("toy")
    # Five finished cells with BLEU three ways and self-BLEU.
    assert len(frame) == 5 * 4
    row = frame[(frame.system == "near") & (frame.statistic == "mbr")].iloc[0]
    assert row.value == pytest.approx(0.585)
    assert row.score_keys == "score-near-main-1"
