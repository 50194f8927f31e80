from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from handmade import bleu, trial, write_handmade
from swept import swept_board

from benchmark.records.reader import read_records
from benchmark.report.analysis.frontier import place_at
from benchmark.report.analysis.significance import compare_all
from benchmark.report.analysis.standings import (
    LONE,
    UNCHOSEN,
    UNCOUNTED,
    UNSAMPLED,
    Standard,
    compute_standings,
    measure_places,
    settings_of,
)
from benchmark.report.analysis.verdicts import task_verdicts
from benchmark.report.data.axes import main_axis
from benchmark.report.data.points import Board
from benchmark.scoring.bootstrap import mean_of

CURVES = {
    "steep": [(0.4, 0.8), (0.2, 1.0), (0.6, 0.2)],
    "flat": [(0.3, 0.7), (0.8, 0.6)],
    "point": [(0.5, 0.9)],
    "fixed": [(0.0, 0.95)],
}


@pytest.fixture
def board(tmp_path):
    return swept_board(tmp_path, CURVES, single=["fixed"], depths={"flat": 20, "point": 5})


def test_what_is_held_equal(board):
    found = compute_standings(board, "toy")
    levels = {s.id: s.value for s in found.standards}
    # The curve that reaches least far is the lone point; the slowest system sets the budget.
    assert levels == {
        "common": pytest.approx(0.5),
        "depth": 20,
        "rows": 1.0,
        "seconds_per_candidate": 0.0125,
    }
    assert found.standard("grammar", "common").id == "common"
    assert found.standard("seconds_per_candidate").shown == "12.5"
    assert found.standard("seconds_per_candidate").unit == "ms"


def test_qualities_on_equal_terms(board):
    found = compute_standings(board, "toy")
    at_diversity = {s: found.value("common", s).value for s in CURVES}
    assert at_diversity["steep"] == pytest.approx(0.5)
    assert at_diversity["flat"] == pytest.approx(0.66)
    assert at_diversity["point"] == pytest.approx(0.9)
    assert not found.value("common", "fixed").defined
    # Cost asks for the main setting: diversity has no say, and deterministic systems take part.
    assert found.value("depth", "fixed").value == pytest.approx(0.95)
    assert found.value("depth", "steep").value == pytest.approx(0.8)


def test_area_and_reach(board):
    found = compute_standings(board, "toy")
    assert found.value("area", "flat").value == pytest.approx(0.3 * 0.7 + 0.5 * 0.65)
    assert found.curves["steep"].settings == 3
    assert (found.curves["steep"].low, found.curves["steep"].high) == pytest.approx((0.2, 0.6))
    # (0.4, 0.8) and (0.6, 0.2) are beaten by the point and by the end of the flat curve.
    assert found.curves["steep"].front == 1
    assert found.curves["point"].front == 1
    assert found.dashes == {
        ("area", "point"): LONE,
        ("area", "fixed"): UNSAMPLED,
        ("common", "fixed"): UNSAMPLED,
    }


def test_pairs_are_models_on_equal_terms(board):
    verdicts = task_verdicts(board, "toy")
    assert verdicts.better_than("common", "point") == ("steep", "flat")
    assert verdicts.better_than("common", "flat") == ("steep",)
    # The area describes a curve: it is not tested.
    assert verdicts.of("area") == ()
    for pair in verdicts.of("common", "depth"):
        assert 0 < pair.p_randomisation < 0.05 and 0 < pair.p_bootstrap < 0.05


def test_places_can_be_handed_in(board):
    quality, (steep, *_) = main_axis(board, "toy"), settings_of(board, "toy", "steep")
    flat = settings_of(board, "toy", "flat")
    asked = Standard("common", 0.4)
    places = {"steep": {steep: 1.0}, "flat": {flat[0]: 0.25, flat[1]: 0.75}}
    found = measure_places(board, "toy", quality, {asked: places})
    assert found.standards == (asked,)
    assert found.value("common", "steep").value == pytest.approx(0.8)
    assert found.value("common", "flat").value == pytest.approx(0.625)


def test_the_grammar_sets_the_diversity(tmp_path):
    curves = {"near": [(0.4, 0.8), (0.2, 1.0)], "oracle": [(0.45, 1.0), (0.3, 1.0)]}
    board = swept_board(tmp_path, curves, yardsticks=["oracle"])
    found = compute_standings(board, "toy")
    assert found.standard("grammar").value == pytest.approx(0.45)
    assert found.dashes["grammar", "near"] == "reaches only a diversity of 0.4000"
    assert found.value("grammar", "oracle").value == 1.0
    assert found.dashes["depth", "oracle"] == UNCOUNTED
    # The yardstick is no rival: it does not decide what all curves reach.
    assert found.standard("common").value == pytest.approx(0.4)
    assert task_verdicts(board, "toy").of("common", "grammar") == ()


def test_references_stand_in_for_the_grammar(tmp_path):
    curves = {"a": [(0.4, 0.8), (0.2, 1.0)], "reference": [(0.3, 1.0)]}
    board = swept_board(tmp_path, curves, yardsticks=["reference"], single=["reference"])
    assert compute_standings(board, "toy").standard("human").value == pytest.approx(0.3)


def test_where_the_grammar_is_known_the_references_do_not_count(tmp_path):
    curves = {
        "a": [(0.6, 0.8), (0.2, 1.0)],
        "oracle": [(0.45, 1.0), (0.3, 1.0)],
        "reference": [(0.3, 1.0)],
    }
    yardsticks = ["oracle", "reference"]
    board = swept_board(tmp_path, curves, yardsticks=yardsticks, single=["reference"])
    found = compute_standings(board, "toy")
    assert [s.id for s in found.standards if not s.is_cost] == ["grammar", "common"]


def test_settings_are_those_of_the_sweep_or_the_main_one(board):
    assert len(settings_of(board, "toy", "steep")) == 3
    assert len(settings_of(board, "toy", "point")) == 1
    assert settings_of(board, "toy", "fixed") == ()


def test_nothing_measured(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", None)])
    assert compute_standings(Board(read_records(folder)), "toy") is None


def test_without_values_there_is_no_interval_and_no_claim(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5)), trial("b", bleu(0.1))])
    board = Board(read_records(folder))
    found = compute_standings(board, "toy")
    assert found.diversity is None
    assert found.value("depth", "a").value == 0.5
    assert not found.value("depth", "a").bounded
    assert not task_verdicts(board, "toy").pairs


def test_settings_are_chosen_on_valid_and_scored_on_test(tmp_path):
    curves = {"lucky": [(0.5, 0.6), (0.5, 0.9)], "other": [(0.5, 0.7)]}
    # On the valid split the first setting was the better one.
    valid = {"lucky": [(0.4, 0.65), (0.4, 0.6)], "other": [(0.4, 0.7)]}
    found = compute_standings(swept_board(tmp_path, curves, valid=valid), "toy")
    common = found.standard("common")
    assert common.value == pytest.approx(0.4)
    assert found.value("common", "lucky").value == pytest.approx(0.6)
    assert found.spent(common, "lucky") == pytest.approx(0.5)
    (setting,) = found.choice[common]["lucky"]
    assert setting.label == "main"
    assert found.level_of(common, setting, valid=True) == pytest.approx(0.4)


def test_without_a_valid_part_there_are_curves_and_no_places(tmp_path):
    board = swept_board(tmp_path, CURVES, single=["fixed"], valid={})
    found = compute_standings(board, "toy")
    assert found.standards == ()
    assert found.value("area", "flat").defined
    assert {pair.column for pair in task_verdicts(board, "toy").pairs} == {"bleu_sent_m4.expected"}


def test_outputs_made_elsewhere_have_no_place_and_set_no_level(tmp_path):
    curves = {"a": [(0.4, 0.8), (0.2, 0.9)], "outside": [(0.1, 0.95)]}
    board = swept_board(tmp_path, curves, valid={"a": curves["a"]})
    found = compute_standings(board, "toy")
    assert found.standard("common").value == pytest.approx(0.4)
    assert found.dashes["common", "outside"] == UNCHOSEN
    assert found.dashes["depth", "outside"] == UNCHOSEN


def test_budgets_bind_on_the_cost_of_the_valid_split(tmp_path):
    lines = []
    for system, (on_valid, on_test) in {"dear": (8, 6), "cheap": (2, 9)}.items():
        line = trial(system, bleu(0.5), depth=on_test)
        line["valid"]["cost"] = line["cost"] | {"depth": on_valid}
        lines.append(line)
    board = Board(read_records(write_handmade(tmp_path / "x", lines)))
    found = compute_standings(board, "toy")
    budget = found.standard("depth")
    assert budget.value == 8
    assert [found.spent(budget, system) for system in ("dear", "cheap")] == [6, 9]


@pytest.mark.slow
@pytest.mark.parametrize(("chosen_on", "is_kept"), [("valid", True), ("test", False)])
def test_eight_settings_are_no_better_than_one(chosen_on, is_kept):
    """All settings are equal: how often the best of eight is said to differ from the only one.

    As many sources as in the suite `mini`; a setting that was chosen on the sources that it is
    scored on is what the valid split is there against.
    """
    rng = np.random.default_rng(21)
    sizes = {"valid": 32, "test": 100}
    wrong = 0
    for _ in range(400):
        ease = {split: rng.beta(0.8, 0.8, size) for split, size in sizes.items()}
        scores = {split: rng.binomial(8, of, (9, len(of))) / 8 for split, of in ease.items()}
        alone, *many = range(9)
        quality = scores[chosen_on][many].mean(axis=1)
        ((best, _),) = place_at(np.zeros(8), quality, 0.0).items()
        rows = {"one": scores["test"][alone], "eight": scores["test"][many[best]]}
        parts = {name: {1: mean_of(row)} for name, row in rows.items()}
        wrong += compare_all({"q": parts}).pairs[0].significant
    _, high = scipy.stats.binom.interval(0.999, 400, 0.05)
    assert bool(wrong <= high) is is_kept
