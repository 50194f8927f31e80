from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from handmade import BLEU, bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.significance import (
    LEVEL,
    assign_letters,
    compare_all,
    compared_points,
    main_verdicts,
    randomise,
    resamples_for,
)
from benchmark.report.data.points import Board
from benchmark.scoring.bootstrap import AdditiveScore, mean_of, resample


def p_of(first, second, *, resamples=20_000):
    found = randomise({"a": {1: mean_of(first)}, "b": {1: mean_of(second)}}, resamples=resamples)
    return found["a", "b"]


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
    together = randomise(parts, resamples=20_000)["a", "b"]
    assert together == pytest.approx(p_of(first, second), abs=1e-12)


def test_only_common_seeds_are_compared():
    one, other = mean_of(np.arange(8.0)), mean_of(np.arange(8.0) + 1)
    found = randomise({"a": {1: one, 2: other}, "b": {2: other}, "c": {3: one}}, resamples=50)
    assert found == {("a", "b"): 1.0}


def test_scores_that_are_no_means_are_randomised_too():
    def ratio(sums):
        return sums[..., 0] / sums[..., 1]

    rng = np.random.default_rng(0)
    totals = rng.integers(5, 10, 40).astype(float)
    good, bad = (
        AdditiveScore(np.stack([np.floor(totals * share), totals], axis=-1), ratio)
        for share in (0.8, 0.5)
    )
    found = randomise({"a": {1: good}, "b": {1: bad}, "c": {1: good}}, resamples=999)
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
    found = randomise(systems, resamples=999)
    assert found["one", "three"] == found["two", "three"] == pytest.approx(1 / 1000)
    # A copy that is repeated is the same system, so it has the same p values.
    again = randomise(systems | {"one": corpus(np.repeat(one, 2, axis=1))}, resamples=999)
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
    found = randomise({"a": corpus(first), "b": corpus(second)}, resamples=20_000)
    assert found["a", "b"] == pytest.approx(exact, abs=0.01)


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
    found = []
    for _ in range(400):
        parts = null_table(rng)
        draws = resample(parts, {name: name for name in parts}, resamples=600).scores
        swapped = randomise(parts, resamples=600)
        found.append(compare_all({"q": draws}, {("q", *pair): p for pair, p in swapped.items()}))
    return found


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


def test_a_difference_is_found():
    rng = np.random.default_rng(1)
    ease = rng.beta(2, 2, 100)
    parts = {
        name: {1: mean_of(rng.binomial(4, np.clip(ease + shift, 0, 1)) / 4)}
        for name, shift in (("low", 0.0), ("high", 0.25), ("same", 0.0))
    }
    draws = resample(parts, {name: name for name in parts}, resamples=2000).scores
    swapped = randomise(parts, resamples=2000)
    found = compare_all({"q": draws}, {("q", *pair): p for pair, p in swapped.items()})
    assert found.better_than("q", "high") == ("low", "same")
    assert found.better_than("q", "low") == ()
    assert found.pair("q", "low", "low") is None


def test_a_mark_needs_both_tests():
    draws = {"a": np.array([1.0, *[1.0] * 999]), "b": np.zeros(1000)}
    assert compare_all({"q": draws}).pairs[0].significant
    assert compare_all({"q": draws}, {("q", "a", "b"): 0.001}).pairs[0].significant
    assert not compare_all({"q": draws}, {("q", "a", "b"): 0.2}).pairs[0].significant
    assert not compare_all({"q": draws}, {}).pairs[0].significant


def test_holm_runs_over_all_columns():
    draws = {"a": np.array([1.0, *[1.0] * 998, -1.0]), "b": np.zeros(1000)}
    (pair,) = compare_all({"q": draws}).pairs
    assert pair.adjusted == pytest.approx(2 * 2 / 1000)
    two = compare_all({"q": draws, "r": draws})
    assert [p.adjusted for p in two.pairs] == pytest.approx([4 * 2 / 1000] * 2)


def test_out_of_reach_loses_and_unknown_is_not_tested():
    steady, weak = np.full(1000, 0.5), np.array([0.4, *[0.4] * 500, *[math.nan] * 499])
    unknown = np.array([0.1, *[math.nan] * 999])
    found = compare_all({"q": {"steady": steady, "weak": weak, "unknown": unknown}})
    assert found.better_than("q", "steady") == ("weak",)
    assert len(found.pairs) == 1
    # Who is ahead where it reaches the level has lost where it does not.
    assert not compare_all({"q": {"steady": steady, "gone": weak + 0.2}}).pairs[0].significant


@pytest.mark.parametrize(("rows", "columns"), [(2, 1), (13, 2), (18, 6)])
def test_enough_resamples_to_survive_the_correction(rows, columns):
    resamples = resamples_for(rows, columns)
    assert 2 / (1 + resamples) * columns * math.comb(rows, 2) <= LEVEL


def test_letters_have_raised_forms():
    named = assign_letters([f"s{i}" for i in range(27)])
    assert "q" not in named.values()
    assert len(set(named.values())) == 27
    assert named["s26"] == "[27]"


def test_rows_of_the_table_that_are_compared(tmp_path):
    trials = [
        trial("a", bleu(0.5)),
        trial("lost", None),
        trial("copy-source", bleu(0.1), family="yardstick"),
        trial("reference", bleu(1.0), family="yardstick"),
    ]
    values = {
        f"score-{name}-main-1": [{BLEU: [v, v]}] * 30
        for name, v in (("a", 0.5), ("copy-source", 0.1), ("reference", 1.0))
    }
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    assert [p.system for p in compared_points(board, "toy")] == ["a", "copy-source"]
    found = main_verdicts(board, "toy")
    assert found.better_than(f"{BLEU}.expected", "a") == ("copy-source",)


def test_more_candidates_of_fewer_sources_decide_nothing(tmp_path):
    # The main setting of the first system failed: its others must not say which sources count.
    trials = [
        trial("a", None),
        trial("a", bleu(0.7), label="main, mbr", roles=["mbr"]),
        trial("b", bleu(0.5)),
        trial("c", bleu(0.1)),
    ]
    values = {"score-a-main, mbr-1": [{BLEU: [0.7, 0.7]}] * 8} | {
        f"score-{name}-main-1": [{BLEU: [v, v]}] * 30 for name, v in (("b", 0.5), ("c", 0.1))
    }
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    assert main_verdicts(board, "toy").better_than(f"{BLEU}.expected", "b") == ("c",)
