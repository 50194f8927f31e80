from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.report.analysis.frontier import area, place_at, undominated


def one_row(points):
    xs, ys = zip(*points, strict=True)
    return np.array([xs]), np.array([ys])


def quality_at(points, level):
    """The quality of the place at a level; NaN where no setting reaches it."""
    xs, ys = (np.array(values, dtype=float) for values in zip(*points, strict=True))
    found = place_at(xs, ys, level)
    assert not found or sum(found.values()) == pytest.approx(1)
    return sum(share * ys[number] for number, share in found.items()) if found else math.nan


def envelope_at(points, level):
    """By hand: the points that no other one beats, joined; nothing beyond the last."""
    kept = sorted(
        p for p in set(points) if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in points)
    )
    if level > kept[-1][0]:
        return math.nan
    if level <= kept[0][0]:
        return kept[0][1]
    xs, ys = zip(*kept, strict=True)
    return float(np.interp(level, xs, ys))


def test_area_of_one_corner_is_a_rectangle():
    assert area(*one_row([(0.5, 0.8)]))[0] == pytest.approx(0.4)


def test_area_of_two_settings():
    # 0.2 wide at 1.0, then a trapezium from 1.0 down to 0.5.
    assert area(*one_row([(0.2, 1.0), (0.6, 0.5)]))[0] == pytest.approx(0.2 + 0.4 * 0.75)


def test_dominated_and_repeated_settings_add_nothing():
    points = [(0.2, 1.0), (0.6, 0.5)]
    more = [*points, (0.1, 0.7), (0.5, 0.4), (0.6, 0.5), (0.6, 0.1)]
    assert area(*one_row(more)) == pytest.approx(area(*one_row(points)))


@pytest.mark.parametrize("seed", range(5))
def test_envelope_against_one_made_by_hand(seed):
    rng = np.random.default_rng(seed)
    points = [tuple(p) for p in rng.random((6, 2)).round(2).tolist()]
    levels = np.linspace(0.0005, 0.9995, 1000)
    xs, ys = one_row(points)
    found = [quality_at(points, level) for level in levels]
    expected = [envelope_at(points, level) for level in levels]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    # The area is the mean of the best quality over all diversities, 0 where out of reach.
    assert area(xs, ys)[0] == pytest.approx(np.nansum(expected) / 1000, abs=2e-3)


def test_nothing_is_extrapolated():
    points = [(0.2, 1.0), (0.6, 0.5)]
    assert quality_at(points, 0.0) == 1.0
    assert quality_at(points, 0.4) == pytest.approx(0.75)
    assert quality_at(points, 0.6) == pytest.approx(0.5)
    assert math.isnan(quality_at(points, 0.6001))


def test_cost_is_diversity_with_the_sign_turned():
    points = [(-2, 0.3), (-10, 0.7), (-20, 0.6)]
    assert quality_at(points, -6.0) == pytest.approx(0.5)
    assert quality_at(points, -100.0) == pytest.approx(0.7)
    assert math.isnan(quality_at(points, -1.0))


def test_a_place_names_the_settings_and_their_shares():
    xs, ys = np.array([0.6, 0.3, 0.2]), np.array([0.5, 0.4, 1.0])
    assert place_at(xs, ys, 0.3) == {2: pytest.approx(0.75), 0: pytest.approx(0.25)}
    assert place_at(xs, ys, 0.6) == {0: 1.0}
    assert place_at(xs, ys, 0.1) == {2: 1.0}


def test_rows_are_apart_and_undefined_points_spread_to_their_row_alone():
    xs, ys = np.array([[0.2, 0.6], [0.2, np.nan]]), np.array([[1.0, 0.5], [1.0, 0.5]])
    assert np.isnan(area(xs, ys)).tolist() == [False, True]


def test_undominated():
    xs, ys = np.array([0.1, 0.5, 0.5, 0.4, 0.9]), np.array([0.9, 0.7, 0.7, 0.6, 0.1])
    assert undominated(xs, ys).tolist() == [True, True, True, False, True]
