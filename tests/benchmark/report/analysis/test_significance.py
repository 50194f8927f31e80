from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from benchmark.records.schema import Interval
from benchmark.report.analysis import significance
from benchmark.report.analysis.significance import (
    LEVEL,
    Pair,
    Verdicts,
    assign_letters,
    compare_all,
    randomise,
    resamples_for,
)
from benchmark.scoring.bootstrap import AdditiveScore, mean_of


def randomise_rows(rows, *, resamples):
    """All pairs of the rows of one column: p values by pair."""
    pairs = list(itertools.combinations(rows, 2))
    cells = {("q", row): parts for row, parts in rows.items()}
    named = [(("q", one), ("q", other)) for one, other in pairs]
    found = randomise(cells, named, resamples=resamples)
    return dict(zip(pairs, found, strict=True))


def p_of(first, second, *, resamples=20_000):
    rows = {"a": {1: mean_of(first)}, "b": {1: mean_of(second)}}
    return randomise_rows(rows, resamples=resamples)["a", "b"]


def test_randomisation_equals_the_exact_test_of_scipy():
    rng = np.random.default_rng(2)
    first, second = rng.random(9), rng.random(9) + 0.25
    exact = scipy.stats.permutation_test(
        (first, second),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    ).pvalue
    assert 0.01 < exact < 0.3
    assert p_of(first, second) == pytest.approx(exact, abs=0.01)


def test_seeds_of_a_source_are_swapped_together():
    # Each source has one value for all three seeds, so three seeds say what one says.
    rng = np.random.default_rng(4)
    first, second = rng.random(9), rng.random(9) + 0.25
    parts = {
        name: {seed: mean_of(values) for seed in (1, 2, 3)}
        for name, values in (("a", first), ("b", second))
    }
    together = randomise_rows(parts, resamples=20_000)["a", "b"]
    assert together == pytest.approx(p_of(first, second), abs=1e-12)


def test_seeds_have_nothing_in_common_but_the_number():
    rng = np.random.default_rng(7)
    values = {seed: rng.random(9) for seed in range(1, 6)}
    other = {seed: rng.random(9) + 0.2 for seed in range(1, 4)}
    first, second = (
        {seed: mean_of(of_seed) for seed, of_seed in by_seed.items()} for by_seed in (values, other)
    )
    found = randomise_rows({"a": first, "b": second}, resamples=20_000)["a", "b"]
    # Means over five and over three seeds, whatever these are called.
    means = [np.mean(list(by_seed.values()), axis=0) for by_seed in (values, other)]
    assert found == pytest.approx(p_of(*means), abs=1e-12)
    renamed = {seed + 10: part for seed, part in second.items()}
    assert randomise_rows({"a": first, "b": renamed}, resamples=20_000)["a", "b"] == found


def test_systems_of_different_seeds_are_told_apart():
    # As two entries of `benchmark.score`, one with --seed 1 and one with --seed 2.
    rng = np.random.default_rng(8)
    better, worse = (
        {seed: mean_of(np.clip(rng.normal(mean, 0.25, 2500), 0, 1))}
        for seed, mean in ((1, 0.647), (2, 0.451))
    )
    found = compare_all({"q": {"a": better, "b": worse}})
    assert found.better_than("q", "a") == ("b",)


def test_scores_that_are_no_means_are_randomised_too():
    rng = np.random.default_rng(0)
    totals = rng.integers(5, 10, 40).astype(float)
    good, bad = (
        AdditiveScore(np.stack([np.floor(totals * share), totals], axis=-1), ratio)
        for share in (0.8, 0.5)
    )
    found = randomise_rows({"a": {1: good}, "b": {1: bad}, "c": {1: good}}, resamples=999)
    assert found["a", "b"] == pytest.approx(1 / 1000)
    assert found["a", "c"] == 1.0


def corpus(groups):
    """A score `(S, K, 2)` of candidate k of all sources together, mean over k."""

    def total(sums):
        by_candidate = sums.reshape(*sums.shape[:-1], -1, 2)
        return (by_candidate[..., 0] / by_candidate[..., 1]).mean(axis=-1)

    return {1: AdditiveScore(groups.reshape(len(groups), -1), total)}


def test_corpus_scores_of_unequally_many_candidates_are_randomised():
    rng = np.random.default_rng(3)
    pairs = np.stack([rng.random((40, 2)), np.ones((40, 2))], axis=-1)
    one, three = pairs[:, :1], pairs[:, [0, 1, 0]]
    three[..., 0] += 0.5
    systems = {"two": corpus(pairs), "one": corpus(one), "three": corpus(three)}
    found = randomise_rows(systems, resamples=999)
    assert found["one", "three"] == found["two", "three"] == pytest.approx(1 / 1000)
    # A copy that is repeated is the same system, so it has the same p values.
    again = randomise_rows(systems | {"one": corpus(np.repeat(one, 2, axis=1))}, resamples=999)
    assert again == found


def test_randomisation_of_a_corpus_score_agrees_with_all_swaps():
    rng = np.random.default_rng(18)
    first, second = (rng.integers(1, 9, (9, 1, 2)).astype(float) for _ in range(2))
    total = corpus(first)[1].total
    differences = []
    for swap in itertools.product([False, True], repeat=9):
        where = np.array(swap)[:, None, None]
        one, other = np.where(where, second, first), np.where(where, first, second)
        sums = [groups.reshape(9, -1).sum(axis=0) for groups in (one, other)]
        differences.append(abs(total(sums[0]) - total(sums[1])))
    exact = np.mean(np.array(differences) >= differences[0] - 1e-9)
    found = randomise_rows({"a": corpus(first), "b": corpus(second)}, resamples=20_000)
    assert found["a", "b"] == pytest.approx(exact, abs=0.01)


def test_means_and_other_scores_are_randomised_alike():
    rng = np.random.default_rng(19)
    rows = {name: {seed: rng.random(12) for seed in (1, 2)} for name in "abc"}
    means, others = (
        {
            name: {
                seed: score if kind == "mean" else AdditiveScore(score.contributions, ratio)
                for seed, values in by_seed.items()
                for score in [mean_of(values)]
            }
            for name, by_seed in rows.items()
        }
        for kind in ("mean", "other")
    )
    assert randomise_rows(means, resamples=500) == randomise_rows(others, resamples=500)


def ratio(sums):
    return sums[..., 0] / sums[..., 1]


def null_table(rng, *, systems=4, sources=60, candidates=4):
    """Systems that all draw from the same distribution: some sources are hard for all."""
    ease = rng.beta(0.8, 0.8, sources)
    return {
        f"system {number}": {1: mean_of(rng.binomial(candidates, ease) / candidates)}
        for number in range(systems)
    }


@pytest.fixture(scope="module")
def nulls():
    """400 tables without any difference."""
    rng = np.random.default_rng(20)
    return [compare_all({"q": null_table(rng)}) for _ in range(400)]


def bounds(claimed):
    """Where the number of false positives of 400 tables lies in 99.9 % of all simulations."""
    return scipy.stats.binom.interval(0.999, 400, claimed)


@pytest.mark.slow
def test_each_test_is_wrong_as_often_as_it_claims(nulls):
    low, high = bounds(LEVEL)
    by_swaps = sum(table.pairs[0].p_randomisation <= LEVEL for table in nulls)
    by_draws = sum(table.pairs[0].p_bootstrap <= LEVEL for table in nulls)
    assert low <= by_swaps <= high
    assert low <= by_draws <= high


@pytest.mark.slow
def test_a_table_is_wrong_no_more_often_than_it_claims(nulls):
    _, high = bounds(LEVEL)
    assert sum(any(pair.significant for pair in table.pairs) for table in nulls) <= high
    # Without the correction it would be: six pairs each have a chance of their own.
    either = [max(p.p_randomisation, p.p_bootstrap) <= LEVEL for t in nulls for p in t.pairs]
    assert sum(any(either[i : i + 6]) for i in range(0, len(either), 6)) > high


def wrong_claims(monkeypatch, tables, draw_pair):
    """In how many tables of two equal systems one is said to be significantly better."""
    monkeypatch.setattr(significance, "FEWEST", 400)
    return sum(compare_all({"q": draw_pair()}).pairs[0].significant for _ in range(tables))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_systems_of_several_seeds_differ_as_seldom_as_claimed(monkeypatch, seeds):
    """Standard deviation .017 between seeds, and of a mean as of 2,500 sources of .25."""
    draw = np.random.default_rng([40, seeds])

    def pair():
        shared = draw.normal(0, 0.05 * math.sqrt(0.5), 100)
        systems = {}
        for number, name in enumerate("ab"):
            of_source = shared + draw.normal(0, 0.05 * math.sqrt(0.2), 100)
            systems[name] = {
                # Seeds of the two have not even their numbers in common.
                10 * number + seed: mean_of(
                    of_source + draw.normal(0, 0.05 * math.sqrt(0.3), 100) + draw.normal(0, 0.017)
                )
                for seed in range(seeds)
            }
        return systems

    assert wrong_claims(monkeypatch, 400, pair) <= bounds(LEVEL)[1]


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "alike"), [(1, 0.1), (1, 1.0), (2, 0.1)])
def test_equal_systems_near_the_ceiling_differ_as_seldom_as_claimed(monkeypatch, seeds, alike):
    draw = np.random.default_rng([41, seeds])
    scale = (1 - alike) / alike

    def pair():
        chances = (
            draw.beta(0.99 * scale, 0.01 * scale, 100)
            if scale
            else (draw.random(100) < 0.99).astype(float)
        )
        return {
            name: {seed: mean_of(draw.binomial(8, chances) / 8, 8) for seed in range(seeds)}
            for name in "ab"
        }

    assert wrong_claims(monkeypatch, 400, pair) <= bounds(LEVEL)[1]


def test_a_difference_near_the_ceiling_is_found_once_enough_sources_differ():
    def against(failures):
        perfect, other = np.ones(100), np.array([0.0] * failures + [1.0] * (100 - failures))
        return compare_all({"q": {"a": {1: mean_of(perfect, 8)}, "b": {1: mean_of(other, 8)}}})

    # The exact sign test: all of five sources on one side are 1 / 16, of six 1 / 32.
    five, six = (against(failures).pairs[0] for failures in (5, 6))
    assert five.p_randomisation == pytest.approx(1 / 16, abs=0.015)
    assert six.p_randomisation == pytest.approx(1 / 32, abs=0.01)
    assert (five.significant, six.significant) == (False, True)


def test_a_difference_is_found():
    rng = np.random.default_rng(1)
    ease = rng.beta(2, 2, 100)
    parts = {
        name: {1: mean_of(rng.binomial(4, np.clip(ease + shift, 0, 1)) / 4)}
        for name, shift in (("low", 0.0), ("high", 0.25), ("same", 0.0))
    }
    found = compare_all({"q": parts})
    assert found.better_than("q", "high") == ("low", "same")
    assert found.better_than("q", "low") == ()
    assert found.pair("q", "low", "low") is None
    assert found.of("q") == found.pairs and found.of("r") == ()


def verdict(*found):
    """Pairs of a column by hand: rows, difference and adjusted p value."""
    return Verdicts(
        tuple(Pair("q", one, other, Interval(value=d), p, p, p) for one, other, d, p in found)
    )


def test_a_ranking_has_the_best_its_equals_and_the_worse():
    pairs = verdict(("a", "b", -0.1, 0.01), ("a", "c", -0.2, 0.01), ("b", "c", -0.1, 0.06))
    values = {row: Interval(value=value) for row, value in (("a", 0.3), ("b", 0.4), ("c", 0.5))}
    found = pairs.rank("q", values)
    assert (found.best, found.equals, found.worse) == ("c", ("b",), ("a",))
    assert list(found.values) == ["c", "b", "a"]
    assert found.bold == ("c", "b")
    # Nothing is bold where nothing is told apart, or not tested.
    assert pairs.rank("q", {row: values[row] for row in "bc"}).bold == ()
    assert pairs.rank("r", values).bold == ()
    assert pairs.rank("q", {"a": Interval(value=math.nan)}) is None


def test_a_mark_needs_both_tests():
    both, one = (Pair("q", "a", "b", Interval(value=1), p, 0.001) for p in (0.002, 0.2))
    assert (both.p_both, one.p_both) == (0.002, 0.2)
    # Four sources say no more by swaps than 2 / 16; all resamples are on one side.
    rows = {"a": {1: mean_of(np.full(4, 0.9))}, "b": {1: mean_of(np.full(4, 0.1))}}
    (pair,) = compare_all({"q": rows}).pairs
    assert pair.p_bootstrap < 0.01 < 0.1 < pair.p_randomisation
    assert not pair.significant


def test_the_correction_runs_over_all_columns():
    rng = np.random.default_rng(3)
    shared = rng.random(30)
    rows = {"a": {1: mean_of(shared)}, "b": {1: mean_of(shared + rng.normal(0.05, 0.1, 30))}}
    (lone,) = compare_all({"q": rows}).pairs
    two = compare_all({"q": rows, "r": rows})
    assert lone.adjusted == lone.p_both
    assert [pair.adjusted for pair in two.pairs] == pytest.approx([2 * lone.p_both] * 2)


def test_columns_may_have_other_sources():
    many, few = ({"a": {1: mean_of(np.ones(n))}, "b": {1: mean_of(np.zeros(n))}} for n in (40, 30))
    found = compare_all({"many": many, "few": few})
    assert [pair.column for pair in found.pairs] == ["many", "few"]
    assert all(pair.significant for pair in found.pairs)


@pytest.mark.parametrize("pairs", [1, 156, 1100])
def test_enough_resamples_to_survive_the_correction(pairs):
    assert 2 / (1 + resamples_for(pairs)) * pairs <= LEVEL


def test_letters_have_raised_forms():
    named = assign_letters([f"s{i}" for i in range(27)])
    assert "q" not in named.values()
    assert len(set(named.values())) == 27
    assert named["s26"] == "[27]"
