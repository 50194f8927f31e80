from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark.api import UserError
from benchmark.metrics.bleu_corpus import bleu_from_statistics
from benchmark.records.schema import Interval
from benchmark.scoring.bootstrap import (
    AdditiveScore,
    IntervalRecipe,
    bootstrap,
    clipped,
    interval,
    mean_of,
    p_value,
    resample,
)

rng = np.random.default_rng


def made(level: float, resamples: int, seed: int) -> IntervalRecipe:
    return IntervalRecipe(level=level, resamples=resamples, seed=seed)


def ends(found: Interval) -> tuple[float, float]:
    return found.low, found.high


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
    (ours,) = bootstrap([mean_of(values)], made(level, 700, 2))
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=level, n_resamples=700, method="percentile", rng=rng(2)
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_corpus_interval_equals_scoring_each_resample() -> None:
    score = bleu_statistics(3, 40)
    (ours,) = bootstrap([score], made(0.9, 300, 4))
    picks = rng(4).integers(0, 40, size=(300, 40))
    again = [float(bleu_from_statistics(score.contributions[row].sum(axis=0))) for row in picks]
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(again, [5, 95])))
    assert ours.low < ours.value < ours.high


def test_scores_share_their_resamples_and_do_not_disturb_each_other() -> None:
    values, other = mean_of(rng(1).normal(size=50)), bleu_statistics(5, 50)
    both = bootstrap([values, other], made(0.95, 200, 6))
    alone = [bootstrap([s], made(0.95, 200, 6))[0] for s in (values, other)]
    assert [ends(e) for e in both] == [pytest.approx(ends(e), rel=1e-12) for e in alone]


def test_resampling_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    score = mean_of(rng(1).normal(size=31))
    (whole,) = bootstrap([score], made(0.95, 100, 6))
    monkeypatch.setattr("benchmark.scoring.bootstrap._BLOCK_CELLS", 31 * 7)
    (blocks,) = bootstrap([score], made(0.95, 100, 6))
    assert ends(blocks) == pytest.approx(ends(whole), rel=1e-12)


def test_undefined_values_are_left_out() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan, 1.0, 3.0])
    (partly,) = bootstrap([mean_of(values)], made(0.95, 400, 0))
    assert (partly.value, partly.low, partly.high) == (2.0, 1.0, 3.0)
    (never,) = bootstrap([mean_of(np.full(4, np.nan))], made(0.95, 50, 0))
    assert np.isnan([never.value, never.low, never.high]).all()


def test_interval_needs_enough_resamples_that_are_defined() -> None:
    assert interval(np.array([0.5, *[0.4, 0.6] * 48, *[math.nan] * 4])).bounded
    assert not interval(np.array([0.5, *[0.4, 0.6] * 45, *[math.nan] * 10])).bounded


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(300):
        values = mean_of(rng(seed).normal(size=60))
        (found,) = bootstrap([values], made(0.9, 300, 1000 + seed))
        hits += found.low <= 0.0 <= found.high
    assert 0.83 < hits / 300 < 0.95


def over_seeds(systems: dict[str, list[np.ndarray]], **asked: int) -> Any:
    """The resampled scores of systems given as the values of each seed."""
    parts = {
        name: {number: mean_of(values) for number, values in enumerate(of_seeds)}
        for name, of_seeds in systems.items()
    }
    return resample(parts, {name: name for name in parts}, **asked)


def test_first_row_is_the_measured_mean() -> None:
    values = rng(1).random((3, 40))
    found = over_seeds({"a": list(values), "b": [values[0]]}, resamples=9)
    assert found.scores["a"][0] == pytest.approx(values.mean())
    assert found.scores["b"][0] == pytest.approx(values[0].mean())
    assert found.seeds == ("a", "a", "a")
    assert found.scores["b"][1:4].tolist() == [found.scores["b"][0]] * 3


def test_paired_interval_equals_that_of_scipy() -> None:
    one = rng(3).beta(2, 3, 80)
    other = np.clip(one + rng(4).normal(0.02, 0.1, 80), 0, 1)
    drawn = over_seeds({"a": [one], "b": [other]}, resamples=4000, seed=5).scores
    expected = stats.bootstrap(
        (other - one,), np.mean, method="percentile", n_resamples=4000, rng=rng(5)
    ).confidence_interval
    assert ends(interval(drawn["b"] - drawn["a"])) == pytest.approx(tuple(expected), rel=1e-9)


def test_what_one_source_does_to_both_cancels() -> None:
    shared = rng(0).random(50)
    drawn = over_seeds({"a": [shared], "b": [shared + 0.1]}, resamples=400).scores
    np.testing.assert_allclose(drawn["b"] - drawn["a"], 0.1)
    assert np.std(drawn["a"]) > 0.01


@pytest.mark.parametrize(
    "means",
    [(0.31, 0.35, 0.30, 0.38), (0.25, 0.5, 0.75), (0.5, 0.5, 0.25, 0.75), (0.98, 0.99, 1.0)],
    ids=["distinct", "one is the mean", "two are", "one is nearly"],
)
def test_seeds_alone_give_the_interval_of_student(means: tuple[float, ...]) -> None:
    found = over_seeds({"a": [np.full(20, mean) for mean in means]}, resamples=50)
    for level in (0.95, 0.8):
        ours = interval(found.scores["a"], seeds=found.seeds, level=level)
        theirs = stats.t.interval(level, len(means) - 1, loc=np.mean(means), scale=stats.sem(means))
        assert ends(ours) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("numbers", [(2, 2), (3, 2), (5, 4), (4, 1)])
def test_seeds_alone_give_the_test_of_welch(numbers: tuple[int, int]) -> None:
    one, other = (rng(7 + n).normal(0.3, 0.02 * n, n) for n in numbers)
    found = over_seeds(
        {"a": [np.full(9, m) for m in one], "b": [np.full(9, m) for m in other]}, resamples=5000
    )
    difference = found.scores["a"] - found.scores["b"]
    if numbers[1] == 1:  # a single network has no variance that could be known
        welch = stats.ttest_1samp(one, other[0])
        low, high = np.subtract(welch.confidence_interval(), other[0])
    else:
        welch = stats.ttest_ind(one, other, equal_var=False)
        low, high = welch.confidence_interval()
    assert ends(interval(difference, seeds=found.seeds)) == pytest.approx((low, high), rel=1e-9)
    assert p_value(difference, seeds=found.seeds) == pytest.approx(welch.pvalue, rel=1e-9)


def test_seeds_and_sources_add_up_as_satterthwaite_says() -> None:
    base = rng(8).normal(0.4, 0.25, 60)
    a = [base + rng(n).normal(0.02 * n, 0.1, 60) for n in (1, 2, 3)]
    b = [base + rng(n).normal(0.01 * n, 0.1, 60) for n in (11, 12)]
    found = over_seeds({"a": a, "b": b}, resamples=800, seed=9)
    ours = interval(found.scores["a"] - found.scores["b"], seeds=found.seeds)
    p = p_value(found.scores["a"] - found.scores["b"], seeds=found.seeds)

    per_source = np.mean(a, axis=0) - np.mean(b, axis=0)
    drawn = per_source[rng(9).integers(0, 60, (800, 60))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    z = stats.norm.ppf(0.975)
    parts = [stats.sem(np.mean(of, axis=1)) ** 2 for of in (a, b)]
    sources = ((high - low) / (2 * z)) ** 2
    df = (sum(parts) + sources) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / 1)
    value, t = per_source.mean(), stats.t.ppf(0.975, df)
    errors = [np.sqrt(((value - end) / z) ** 2 + sum(parts)) for end in (low, high)]
    assert ends(ours) == pytest.approx((value - t * errors[0], value + t * errors[1]), rel=1e-9)
    to_zero = errors[0] if value > 0 else errors[1]
    assert p == pytest.approx(2 * stats.t.sf(abs(value) / to_zero, df), rel=1e-9)


@pytest.mark.parametrize("seeds", [1, 3])
def test_p_value_and_interval_agree(seeds: int) -> None:
    one = [rng(n).beta(2, 3, 80) for n in range(seeds)]
    other = [values + rng(n).normal(0.02, 0.1, 80) for n, values in enumerate(one, start=9)]
    found = over_seeds({"a": one, "b": other}, resamples=4000)
    both = set()
    for shift in np.linspace(-0.12, 0.06, 40):
        difference = found.scores["b"] - found.scores["a"] + shift
        low, high = ends(interval(difference, seeds=found.seeds))
        # At the very edge the 1 that is added to the count decides.
        if min(abs(low), abs(high)) > 1e-4:
            significant = p_value(difference, seeds=found.seeds) <= 0.05
            assert significant == (low > 0 or high < 0)
            both.add(significant)
    assert both == {True, False}


def test_p_value_counts() -> None:
    assert p_value(np.array([0.5, *[0.1] * 98, -0.1])) == pytest.approx(2 * 2 / 100)
    assert p_value(np.array([0.5, *[0.1] * 97, -0.1, math.nan])) == pytest.approx(2 * 3 / 100)
    assert p_value(np.zeros(100)) == 1.0
    assert p_value(np.array([math.nan, *[0.1] * 99])) == 1.0


def test_seed_that_leaves_a_value_undefined_leaves_it_without_interval() -> None:
    for lost in (math.nan, math.inf, -math.inf):
        values = np.array([0.5, 0.6, lost, *[0.4, 0.5, 0.6] * 30])
        assert not interval(values, seeds=("a", "a")).bounded
        assert p_value(values, seeds=("a", "a")) == 1.0


def test_settings_of_a_system_share_its_seeds() -> None:
    low, high = mean_of(np.zeros(20)), mean_of(np.ones(20))
    parts = {"a": {1: low, 2: high}, "b": {1: low, 2: high}, "c": {1: low, 2: high}}
    found = resample(parts, {"a": "x", "b": "x", "c": "y"}, resamples=50)
    assert found.seeds == ("x", "x", "y", "y")
    # What a seed does to both settings cancels; another system's seeds know nothing of it.
    assert ends(interval(found.scores["a"] - found.scores["b"], seeds=found.seeds)) == (0, 0)
    assert interval(found.scores["a"] - found.scores["c"], seeds=found.seeds).low < -1


def test_setting_without_one_of_the_seeds_is_one_of_fewer() -> None:
    means = {1: 0.3, 2: 0.5, 3: 0.6}
    three = {seed: mean_of(np.full(20, mean)) for seed, mean in means.items()}
    two = {seed: three[seed] for seed in (1, 3)}
    found = resample({"all": three, "some": two}, {"all": "x", "some": "x"}, resamples=50)
    alone = resample({"some": two}, {"some": "x"}, resamples=50)
    assert ends(interval(found.scores["some"], seeds=found.seeds)) == pytest.approx(
        ends(interval(alone.scores["some"], seeds=alone.seeds)), rel=1e-12
    )


def test_scores_do_not_change_with_who_else_was_run() -> None:
    values = rng(3).random((3, 80))
    alone = over_seeds({"b": list(values[:2])}, resamples=9)
    beside = over_seeds({"a": list(values), "b": list(values[:2])}, resamples=9)
    of_b = [0, 4, 5, *range(6, 15)]
    np.testing.assert_allclose(alone.scores["b"], beside.scores["b"][of_b], rtol=1e-12)


def test_intervals_end_where_the_metric_does() -> None:
    found = over_seeds({"a": [np.full(9, 0.01), np.full(9, 0.2)]}, resamples=50)
    wide = interval(found.scores["a"], seeds=found.seeds)
    cut = interval(found.scores["a"], seeds=found.seeds, bounds=(0, 1))
    assert wide.low < 0
    assert wide.high > 1
    assert (cut.value, cut.low, cut.high) == (pytest.approx(0.105), 0, 1)
    # An open end is NaN in records; an estimate may lie outside the range of what it estimates.
    assert ends(clipped(Interval(value=2, low=-1, high=9), (0, math.nan))) == (0, 9)
    assert ends(clipped(Interval(value=-0.1, low=-0.3, high=0.1), (0, 1))) == (-0.1, 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_systems_differ_as_seldom_as_claimed(seeds: int) -> None:
    """Standard deviation .017 between seeds, and of a mean as of 2,500 sources of .25."""
    draw, tables = rng([24, seeds]), 400
    wrong = covered = 0
    for _ in range(tables):
        shared = draw.normal(0, 0.05 * math.sqrt(0.5), 100)
        systems = {}
        for name in ("a", "b"):
            of_source = shared + draw.normal(0, 0.05 * math.sqrt(0.2), 100)
            systems[name] = [
                of_source + draw.normal(0, 0.05 * math.sqrt(0.3), 100) + draw.normal(0, 0.017)
                for _ in range(seeds)
            ]
        found = over_seeds(systems, resamples=200)
        a, b = found.scores.values()
        wrong += p_value(a - b, seeds=found.seeds) <= 0.05
        low, high = ends(interval(a, seeds=found.seeds))
        covered += low <= 0 <= high
    # 4,000 tables gave 5.7, 3.8 and 4.5 % of errors, and 87.4, 93.0 and 94.9 % of coverage.
    claimed = {2: (0.057, 0.874), 3: (0.038, 0.930), 5: (0.045, 0.949)}[seeds]
    for count, share in zip((wrong, covered), claimed, strict=True):
        least, most = stats.binom.interval(0.999, tables, share)
        assert least <= count <= most


def test_scores_over_other_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="different numbers of sources"):
        bootstrap([mean_of(np.zeros(3)), mean_of(np.zeros(4))], made(0.9, 9, 0))


@pytest.mark.parametrize("bad", [{"level": 1.0}, {"level": 95}, {"resamples": 0}])
def test_recipes_out_of_range_are_told(bad: dict[str, float]) -> None:
    with pytest.raises(UserError, match=f"interval.{next(iter(bad))}"):
        IntervalRecipe(**bad)  # type: ignore[arg-type]
