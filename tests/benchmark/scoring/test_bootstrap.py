from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.api import UserError
from benchmark.metrics.bleu_corpus import bleu_from_statistics
from benchmark.scoring.bootstrap import (
    AdditiveScore,
    IntervalRecipe,
    across_seeds,
    bootstrap,
    holm,
    mean_of,
)

rng = np.random.default_rng


def bleu_statistics(seed: int, num_sources: int) -> AdditiveScore:
    draw = rng(seed)
    length = draw.integers(6, 20, size=(num_sources, 1))
    totals = length - np.arange(4)
    matches = np.stack([draw.integers(0, totals[:, n] // (n + 1) + 1) for n in range(4)], axis=-1)
    columns = [length, length + draw.integers(-3, 4, size=length.shape), matches, totals]
    return AdditiveScore(np.concatenate(columns, axis=1).astype(np.float64), bleu_from_statistics)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_mean_interval_equals_scipy_from_the_same_generator(level: float) -> None:
    values = rng(1).gamma(1.0, size=83)
    (ours,) = bootstrap([mean_of(values)], level=level, resamples=700, rng=rng(2))
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=level, n_resamples=700, method="percentile", rng=rng(2)
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_corpus_interval_equals_scoring_each_resample() -> None:
    score = bleu_statistics(3, 40)
    (ours,) = bootstrap([score], level=0.9, resamples=300, rng=rng(4))
    picks = rng(4).integers(0, 40, size=(300, 40))
    again = [float(bleu_from_statistics(score.contributions[row].sum(axis=0))) for row in picks]
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(again, [5, 95])))
    assert ours.low < ours.value < ours.high


def test_scores_share_their_resamples_and_do_not_disturb_each_other() -> None:
    values, other = mean_of(rng(1).normal(size=50)), bleu_statistics(5, 50)
    both = bootstrap([values, other], level=0.95, resamples=200, rng=rng(6))
    alone = [bootstrap([s], level=0.95, resamples=200, rng=rng(6))[0] for s in (values, other)]
    assert both == pytest.approx(alone)


def test_resampling_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    score = mean_of(rng(1).normal(size=31))
    whole = bootstrap([score], level=0.95, resamples=100, rng=rng(6))
    monkeypatch.setattr("benchmark.scoring.bootstrap._BLOCK_CELLS", 31 * 7)
    assert bootstrap([score], level=0.95, resamples=100, rng=rng(6)) == pytest.approx(whole)


def test_undefined_values_are_left_out() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan])
    (partly,) = bootstrap([mean_of(values)], level=0.95, resamples=400, rng=rng(0))
    assert (partly.value, partly.low, partly.high) == (2.0, 1.0, 3.0)
    (never,) = bootstrap([mean_of(np.full(4, np.nan))], level=0.95, resamples=50, rng=rng(0))
    assert np.isnan([never.value, never.low, never.high]).all()


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(300):
        (found,) = bootstrap(
            [mean_of(rng(seed).normal(size=60))], level=0.9, resamples=300, rng=rng(1000 + seed)
        )
        hits += found.low <= 0.0 <= found.high
    assert 0.83 < hits / 300 < 0.95


def test_one_seed_is_the_plain_bootstrap() -> None:
    score = bleu_statistics(7, 30)
    (plain,) = bootstrap([score], level=0.95, resamples=250, rng=rng(8))
    assert across_seeds([score], level=0.95, resamples=250, rng=rng(8)) == plain


def test_across_seeds_equals_drawing_seeds_and_sources_one_by_one() -> None:
    values = rng(9).normal(size=(4, 25)) + np.arange(4)[:, None]
    ours = across_seeds([mean_of(row) for row in values], level=0.9, resamples=200, rng=rng(10))
    draw = rng(10)
    sources = draw.integers(0, 25, size=(200, 25))
    seeds = draw.integers(0, 4, size=(200, 4))
    again = [values[np.ix_(s, i)].mean() for s, i in zip(seeds, sources, strict=True)]
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(again, [5, 95])))


def test_across_seeds_sees_both_kinds_of_variation() -> None:
    noise = rng(11).normal(size=200)

    def width(spread: float) -> float:
        scores = [mean_of(noise + spread * seed) for seed in range(6)]
        found = across_seeds(scores, level=0.95, resamples=500, rng=rng(12))
        return found.high - found.low

    (sources_alone,) = bootstrap([mean_of(noise)], level=0.95, resamples=500, rng=rng(12))
    assert width(0.0) == pytest.approx(sources_alone.high - sources_alone.low, rel=1e-9)
    assert width(1.0) > 5 * width(0.0)


def test_scores_over_other_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="different numbers of sources"):
        bootstrap([mean_of(np.zeros(3)), mean_of(np.zeros(4))], level=0.9, resamples=9, rng=rng(0))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("bad", [{"level": 1.0}, {"level": 95}, {"resamples": 0}])
def test_recipes_out_of_range_are_told(bad: dict[str, float]) -> None:
    with pytest.raises(UserError, match=f"interval.{next(iter(bad))}"):
        IntervalRecipe(**bad)  # type: ignore[arg-type]
