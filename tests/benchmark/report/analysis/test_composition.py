"""Success by the number of attributes: the numbers are counted again in the files of values."""

from __future__ import annotations

import pytest
from controlled import known_success, write_controlled

from benchmark.records.reader import read_records
from benchmark.report.analysis.composition import CEILINGS, compute_composition, measured_axes
from benchmark.report.data.control_points import KEPT, SENTENCES, SUCCESS, find_unguided
from benchmark.report.data.points import Board

LEVELS = (1, 2, 3, 4)


def found_in(board):
    found = compute_composition(board, "toy")
    assert found is not None
    return found


def test_sources_by_number_of_attributes(control_board):
    assert found_in(control_board).sources == dict.fromkeys(LEVELS, 10)


@pytest.mark.parametrize("system", ["latentops", "transformer", "bayes", "oracle"])
@pytest.mark.parametrize("axis", [SUCCESS, SENTENCES])
def test_figures_of_each_level(controlled, control_board, system, axis):
    found, point = found_in(control_board), control_board.main("toy", system)
    known = known_success(controlled, f"{system}-main-1", axis.metric)
    assert {n: found.read(point, axis, n).value for n in LEVELS} == pytest.approx(known)
    for number in LEVELS:
        interval = found.read(point, axis, number)
        assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_unguided_is_measured_too(controlled, control_board):
    found = found_in(control_board)
    unguided = find_unguided(control_board, "toy", "latentops")
    known = known_success(controlled, "latentops-strength=0-1")
    assert {n: found.read(unguided, SUCCESS, n).value for n in LEVELS} == pytest.approx(known)


def test_shares_are_of_the_same_sources(controlled, control_board):
    found, point = found_in(control_board), control_board.main("toy", "latentops")
    known = known_success(controlled, "latentops-main-1")
    of_bayes = known_success(controlled, "bayes-main-1")
    for number in LEVELS:
        assert found.read(point, CEILINGS["oracle"], number).value == pytest.approx(known[number])
        share = found.read(point, CEILINGS["bayes"], number)
        assert share.value == pytest.approx(known[number] / of_bayes[number])
        assert share.low < share.value < share.high


def test_ceilings_have_no_share_of_a_lower_one(control_board):
    found = found_in(control_board)
    bayes, oracle = (control_board.main("toy", system) for system in ("bayes", "oracle"))
    assert found.read(bayes, CEILINGS["oracle"], 1).defined
    assert not found.read(bayes, CEILINGS["bayes"], 1).defined
    assert not found.read(oracle, CEILINGS["bayes"], 1).defined
    assert not found.read(oracle, CEILINGS["oracle"], 1).defined


@pytest.mark.slow
def test_seeds_are_pooled(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=False, seeds=(1, 2))
    board = Board(read_records(folder))
    known = [known_success(folder, f"latentops-main-{seed}") for seed in (1, 2)]
    found = compute_composition(board, "toy")
    assert found is not None
    read = {n: found.read(board.main("toy", "latentops"), SUCCESS, n).value for n in LEVELS}
    assert read == pytest.approx({n: (known[0][n] + known[1][n]) / 2 for n in LEVELS})


def test_edits_have_the_content_kept(edited, edit_board):
    assert measured_axes(edit_board, "toy")[-1] == KEPT[0]
    found, point = found_in(edit_board), edit_board.main("toy", "latentops")
    known = known_success(edited, "latentops-main-1", "kept")
    assert {n: found.read(point, KEPT[0], n).value for n in LEVELS} == pytest.approx(known)


def test_no_composition_elsewhere(board):
    assert compute_composition(board, "toy") is None
