from __future__ import annotations

import pytest
from handmade import BLEU, bleu, cell, write_handmade

from benchmark.report.paper.candidates import candidate_curves, mbr_curve
from benchmark.report.points import Board
from benchmark.report.records import read_records

ENDS = {"value": [0.3, 0.4], "low": [0.2, 0.3], "high": [0.4, None]}


def with_curve(system, kept, **facts):
    metrics = bleu(0.3)
    if kept is not None:
        metrics[BLEU]["mbr_curve"] = kept
    return cell(system, metrics, **facts)


def board_of(tmp_path, *cells):
    return Board(read_records(write_handmade(tmp_path / "toy", cells)))


@pytest.mark.parametrize(
    ("kept", "xs"),
    [
        (ENDS, (1, 2)),
        (ENDS | {"sizes": [1, 10]}, (1, 10)),
        ({"rouge_l": {"value": [], "low": [], "high": []}, BLEU: ENDS}, (1, 2)),
        ({"bertscore": ENDS}, (1, 2)),
    ],
    ids=["plain", "sizes", "the utility of the table", "another utility"],
)
def test_the_curve_of_a_score(tmp_path, kept, xs):
    curve = mbr_curve(board_of(tmp_path, with_curve("one", kept)).records.cells[0], BLEU)
    assert curve.xs == xs
    assert [y.value for y in curve.ys] == [0.3, 0.4]
    assert curve.ys[0].bounded
    assert not curve.ys[1].bounded


def test_records_without_curves_have_none(tmp_path):
    board = board_of(tmp_path, with_curve("one", None), with_curve("two", {}))
    assert candidate_curves(board, "toy") == {}


def test_the_longest_curve_of_a_system_counts_and_yardsticks_have_none(tmp_path):
    long = {"value": [0.1, 0.2, 0.3], "low": [0, 0, 0], "high": [1, 1, 1]}
    board = board_of(
        tmp_path,
        with_curve("one", ENDS),
        with_curve("one", long, label="more", roles=("ablation",)),
        with_curve("copy-source", ENDS, family="yardstick"),
    )
    curves = candidate_curves(board, "toy")
    assert list(curves) == ["one"]
    assert curves["one"].xs == (1, 2, 3)


def test_seeds_are_averaged(tmp_path):
    higher = {name: [0.5, 0.6] for name in ("value", "low", "high")}
    board = board_of(tmp_path, with_curve("one", ENDS), with_curve("one", higher, seed=2))
    assert [y.value for y in candidate_curves(board, "toy")["one"].ys] == pytest.approx([0.4, 0.5])
