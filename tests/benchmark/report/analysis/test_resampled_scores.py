from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from handmade import BLEU, bleu, cell, self_bleu, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis import significance
from benchmark.report.analysis.resampled_scores import draw, interval, p_value, resample
from benchmark.report.data.axes import planes
from benchmark.report.data.points import Board
from benchmark.scoring.bootstrap import mean_of


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    first = rng.beta(2, 3, 80)
    return first, np.clip(first + rng.normal(0.02, 0.1, 80), 0, 1)


def draws_of(*arrays, resamples=4000):
    parts = {number: {1: mean_of(array)} for number, array in enumerate(arrays)}
    names = {number: f"system {number}" for number in parts}
    drawn = resample(parts, names, resamples=resamples)
    return [drawn[number] for number in parts]


def test_first_draw_is_the_measured_mean(values):
    one, other = draws_of(*values)
    assert one[0] == pytest.approx(values[0].mean())
    assert other[0] == pytest.approx(values[1].mean())


def test_paired_interval_equals_that_of_scipy(values):
    one, other = draws_of(*values)
    found = interval(other - one)
    expected = scipy.stats.bootstrap(
        (values[1] - values[0],), np.mean, method="percentile", n_resamples=4000,
        rng=np.random.default_rng(5),
    ).confidence_interval  # fmt: skip
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.05 * width)
    assert found.high == pytest.approx(expected.high, abs=0.05 * width)


def test_what_one_source_does_to_both_cancels():
    shared = np.random.default_rng(0).random(50)
    one, other = draws_of(shared, shared + 0.1)
    np.testing.assert_allclose(other - one, 0.1)
    assert np.std(one) > 0.01


def test_p_value_and_interval_agree(values):
    one, other = draws_of(*values)
    for shift in np.linspace(-0.08, 0.04, 25):
        difference = other - one + shift
        found = interval(difference)
        # At the very edge the 1 that is added to the count decides.
        if min(abs(found.low), abs(found.high)) > 1e-4:
            assert (p_value(difference) <= 0.05) == (found.low > 0 or found.high < 0)


def test_p_value_counts():
    assert p_value(np.array([0.5, *[0.1] * 98, -0.1])) == pytest.approx(2 * 2 / 100)
    assert p_value(np.array([0.5, *[0.1] * 97, -0.1, math.nan])) == pytest.approx(2 * 3 / 100)
    assert p_value(np.zeros(100)) == 1.0
    assert p_value(np.array([math.nan, *[0.1] * 99])) == 1.0


def test_interval_needs_enough_draws_that_are_defined():
    assert interval(np.array([0.5, *[0.4, 0.6] * 48, *[math.nan] * 4])).bounded
    assert not interval(np.array([0.5, *[0.4, 0.6] * 45, *[math.nan] * 10])).bounded


def test_seeds_are_drawn_and_shared_by_the_settings_of_a_system():
    low, high = mean_of(np.zeros(20)), mean_of(np.ones(20))
    parts = {"a": {1: low, 2: high}, "b": {1: low, 2: high}, "c": {1: low, 2: high}}
    drawn = resample(parts, {"a": "x", "b": "x", "c": "y"}, resamples=500)
    assert np.array_equal(drawn["a"], drawn["b"])
    assert not np.array_equal(drawn["a"], drawn["c"])
    # Two units: the variance of their mean is that of one by 2, unbiased: 0.5 / 2.
    assert drawn["a"][1:].var() == pytest.approx(0.25, abs=0.03)


def test_draws_do_not_change_with_who_else_was_run(values):
    alone = resample({"a": {1: mean_of(values[0]), 2: mean_of(values[1])}}, {"a": "a"}, resamples=9)
    parts = {"b": {1: mean_of(values[1])}, "a": {1: mean_of(values[0]), 2: mean_of(values[1])}}
    beside = resample(parts, {"a": "a", "b": "b"}, resamples=9)
    np.testing.assert_allclose(alone["a"], beside["a"], rtol=1e-12)


def board_of(tmp_path, values, *, level=0.95):
    cells = [cell(name, bleu(0.5) | self_bleu(0.25)) for name in values]
    for line in cells:
        line["score"]["interval"]["level"] = level
    rows = {f"score-{name}-main-1": of for name, of in values.items()}
    return Board(read_records(write_handmade(tmp_path / "x", cells, values=rows)))


def test_points_of_a_board(tmp_path):
    rows = [{BLEU: [0.0, 1.0], "self_bleu": 0.25}, {BLEU: [1.0, 0.0], "self_bleu": 0.25}]
    board = board_of(tmp_path, {"a": rows, "b": [{}, {}]})
    ((diversity, quality),) = planes(board, "toy")
    draws = draw(board, board.points, (diversity, quality), resamples=5)
    known, unknown = board.points
    assert draws.of(known, diversity).tolist() == [0.75] * 6
    assert draws.of(known, quality).tolist() == [0.5] * 6
    assert draws.of(unknown, quality)[0] == 0.5
    assert np.isnan(draws.of(unknown, quality)[1:]).all()


def test_other_sources_are_left_out(tmp_path):
    row = {BLEU: [0.0, 1.0], "self_bleu": 0.25}
    board = board_of(tmp_path, {"a": [row] * 2, "b": [row] * 3})
    ((_, quality),) = planes(board, "toy")
    draws = draw(board, board.points, (quality,), resamples=5)
    assert [point.system for point, _ in draws.parts] == ["a"]


def test_the_level_is_that_of_the_run(tmp_path):
    row = {BLEU: [0.0, 1.0], "self_bleu": 0.25}
    board = board_of(tmp_path, {"a": [row] * 2}, level=0.8)
    assert draw(board, board.points, planes(board, "toy")[0], resamples=5).level == 0.8
    assert significance.task_draws(board, "toy").level == 0.8
