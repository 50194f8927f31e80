from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.scoring.bootstrap import mean_of, resample, source_ends
from benchmark.scoring.shares import share_ends


@pytest.mark.parametrize(("yes", "sources"), [(40, 40), (0, 40), (39, 40), (17, 40)])
def test_one_answer_a_source_is_the_exact_interval_of_scipy(yes: int, sources: int) -> None:
    means = np.array([1.0] * yes + [0.0] * (sources - yes))
    exact = stats.binomtest(yes, sources).proportion_ci(0.9, method="exact")
    assert share_ends(means, 1, 0.9) == pytest.approx((exact.low, exact.high), abs=1e-12)


def effect_of(means: np.ndarray, draws: int) -> float:
    share = means.mean()
    return min(draws, means.var(ddof=1) * draws / (share * (1 - share)))


def test_draws_that_agree_count_once_and_independent_ones_each() -> None:
    agreeing = np.array([1.0] * 30 + [0.0] * 10)
    low, high = share_ends(agreeing, 5, 0.95) or (np.nan, np.nan)
    few = (stats.t.ppf(0.975, 199) / stats.t.ppf(0.975, 39)) ** 2
    # All draws of a source agree: but for the estimate of the variance, 40 answers.
    effective = 200 / effect_of(agreeing, 5) * few
    beta = stats.beta
    assert low == pytest.approx(beta.ppf(0.025, 0.75 * effective, 0.25 * effective + 1), rel=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, 0.75 * effective + 1, 0.25 * effective), rel=1e-9)
    # Sources that are more alike than chance makes them do not make draws surer.
    even = share_ends(np.full(40, 0.75), 4, 0.95)
    few = (stats.t.ppf(0.975, 159) / stats.t.ppf(0.975, 39)) ** 2
    assert even is not None
    assert even[0] == pytest.approx(beta.ppf(0.025, 120 * few, 40 * few + 1), rel=1e-9)


def test_without_a_failure_the_draws_of_a_source_count_once() -> None:
    low, high = share_ends(np.ones(100), 8, 0.95) or (np.nan, np.nan)
    assert high == 1
    assert low == pytest.approx(0.025 ** (1 / 97.86), rel=1e-3)
    assert share_ends(np.zeros(100), 8, 0.95) == pytest.approx((0, 1 - low))
    assert share_ends(np.ones(1), 8, 0.95) is None


def source_shares(draw: np.random.Generator, share: float, alike: float, sources: int):
    """The chance of yes of each source, with a correlation between the draws of a source."""
    if alike == 0:
        return np.full(sources, share)
    if alike == 1:
        return (draw.random(sources) < share).astype(float)
    scale = (1 - alike) / alike
    return draw.beta(share * scale, (1 - share) * scale, sources)


@pytest.mark.parametrize("alike", [0, 0.1, 0.3, 1])
@pytest.mark.parametrize(("share", "sources"), [(0.998, 100), (0.002, 100), (0.5, 20)])
def test_interval_covers_a_share_near_the_ceiling_and_of_few_sources(
    share: float, sources: int, alike: float
) -> None:
    draw, covered, times = np.random.default_rng([6, sources]), 0, 600
    for _ in range(times):
        means = draw.binomial(8, source_shares(draw, share, alike, sources)) / 8
        low, high = share_ends(means, 8, 0.95) or (np.nan, np.nan)
        covered += low <= share <= high
    assert covered >= 0.93 * times


def test_seeds_are_draws_of_the_same_sources() -> None:
    ones = mean_of(np.ones(50), 4)
    lone, both = (dict.fromkeys(range(n), ones) for n in (1, 2))
    assert source_ends(lone, 0.95) == pytest.approx(source_ends(both, 0.95), rel=2e-3)
    found = resample({"a": both}, {"a": "a"}, resamples=20)
    interval = found.interval("a", bounds=(0, 1))
    assert (interval.low, interval.high) == pytest.approx((source_ends(both, 0.95)), rel=1e-6)
    assert source_ends({0: ones, 1: mean_of(np.ones(50))}, 0.95) is None


def test_sources_without_an_answer_do_not_count() -> None:
    values = np.array([1.0, np.nan, 0.0, 1.0, np.nan])
    assert source_ends({0: mean_of(values, 1)}, 0.95) == share_ends(np.array([1.0, 0, 1]), 1, 0.95)
