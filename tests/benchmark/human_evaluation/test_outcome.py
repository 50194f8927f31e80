from __future__ import annotations

import numpy as np
import pytest
from rated import answered, rate, ratings_key
from scipy.stats import binom

from benchmark.human_evaluation.key import EqualTexts, Item
from benchmark.human_evaluation.outcome import sum_up

SYSTEMS = {"a": "x", "b": "y", "reference": "yardstick"}


def test_means_by_hand():
    key = ratings_key({"a": "x", "b": "y"}, sources=2)
    given = [
        ("ann", "s0.a", 4), ("ann", "s1.a", 2), ("ann", "s0.b", 5),
        ("bob", "s0.a", 5), ("bob", "s1.a", 5), ("bob", "s1.b", 1),
    ]  # fmt: skip
    found = sum_up(key, answered(key, given))
    assert found.scores["good", "a"].value == pytest.approx((3 + 5) / 2)
    assert found.scores["good", "b"].value == pytest.approx((5 + 1) / 2)
    (pair,) = found.verdicts.pairs
    # Ann judged both on s0, Bob on s1.
    assert pair.difference.value == pytest.approx((-1 + 4) / 2)
    assert not pair.significant


def test_a_better_system_is_found():
    key = ratings_key(SYSTEMS)
    found = sum_up(key, rate(key, {"a": 1, "b": 0, "reference": 1.2}, seed=1))
    assert found.verdicts.better_than("good", "a") == ("b",)
    assert found.verdicts.better_than("good", "reference") == ("b",)
    assert found.verdicts.better_than("good", "b") == ()
    pair = found.verdicts.pair("good", "a", "b")
    assert 0 < pair.difference.low < 1 < pair.difference.high
    assert 0.2 < found.alphas["good"] < 0.8


def test_a_rater_who_disagrees_widens_the_interval():
    key = ratings_key(SYSTEMS)
    effects = dict.fromkeys(SYSTEMS, 0.0)
    same = sum_up(key, rate(key, effects, seed=2, spread=0.0)).verdicts.pair("good", "a", "b")
    apart = sum_up(key, rate(key, effects, seed=2, spread=1.0)).verdicts.pair("good", "a", "b")
    assert apart.difference.half_width > 2 * same.difference.half_width


@pytest.mark.slow
@pytest.mark.parametrize(("raters", "spread"), [(1, 0.0), (2, 0.3), (3, 0.3)])
def test_equal_systems_are_rarely_told_apart(raters, spread):
    key = ratings_key({"a": "x", "b": "y", "c": "z"})
    effects = dict.fromkeys(key.systems, 0.0)
    tables = 120
    wrong = 0
    for seed in range(tables):
        found = sum_up(key, rate(key, effects, seed=seed, raters=raters, spread=spread))
        wrong += any(pair.significant for pair in found.verdicts.pairs)
    assert wrong <= binom.ppf(0.999, tables, 0.05)


def pairs_key(items, equal=()):
    key = ratings_key(SYSTEMS, sources=0)
    return key.model_copy(update={"design": "pairs", "items": tuple(items), "equal": tuple(equal)})


def test_shares_of_wins_by_hand():
    items = [
        Item(id="i", example="s0", owners=(("a", "b"),)),
        Item(id="j", example="s1", owners=(("b", "a"),)),
        Item(id="k", example="s0", owners=(("reference", "a"), ("reference", "b"))),
        Item(id="l", example="s1", owners=(("a", "reference"),)),
    ]
    key = pairs_key(items, [EqualTexts(example="s2", systems=("a", "b"))])
    said = [("ann", "i", 1.0), ("ann", "j", 0.0), ("ann", "k", 1.0), ("ann", "l", 0.5)]
    found = sum_up(key, answered(key, said))
    # Against b: two wins and an equal text; against the reference: a loss and a tie.
    assert found.scores["good", "a"].value == pytest.approx((2.5 / 3 + 0.5 / 2) / 2)
    assert found.scores["good", "b"].value == pytest.approx((0.5 / 3 + 0) / 2)
    assert found.scores["good", "reference"].value == pytest.approx((1.5 / 2 + 1) / 2)
    pair = found.verdicts.pair("good", "a", "b")
    assert pair.difference.value == pytest.approx((2.5 - 0.5) / 3), "wins minus losses"
    assert found.first_chosen == pytest.approx(2 / 3)


def test_a_winner_is_found_whichever_side_it_stands_on():
    rng = np.random.default_rng(0)
    names = [("a", "b"), ("b", "a")]
    items = [Item(id=f"i{n}", example=f"s{n}", owners=(names[n % 2],)) for n in range(20)]
    key = pairs_key(items)
    said = [
        (rater, item.id, float(rng.choice([0.0, 0.5, 1.0], p=odds if turned else odds[::-1])))
        for rater in ("ann", "bob")
        for item in items
        for turned, odds in [(item.owners[0][0] == "a", [0.05, 0.1, 0.85])]
    ]
    found = sum_up(key, answered(key, said))
    assert found.verdicts.better_than("good", "a") == ("b",)
    assert found.scores["good", "a"].value > 0.8
    assert ("good", "reference") not in found.scores, "it was not shown"


def test_a_second_showing_counts_for_self_agreement_alone():
    items = [Item(id=f"i{n}", example=f"s{n}", owners=(("a", "b"),)) for n in range(8)]
    again = [
        Item(id=f"j{n}", example=f"s{n}", owners=(("b", "a"),), repeats=f"i{n}") for n in range(8)
    ]
    key = pairs_key([*items, *again])
    once = [("ann", f"i{n}", n % 2) for n in range(8)]
    alone = sum_up(key, answered(key, once))
    turned = sum_up(key, answered(key, [*once, *(("ann", f"j{n}", 1 - n % 2) for n in range(8))]))
    assert alone.self_agreements == ()
    assert alone.scores == turned.scores and alone.verdicts == turned.verdicts
    (own,) = turned.self_agreements
    assert (own.same, own.total, own.by_chance) == (8, 8, 0.5)
    # A rater who always takes the text shown first contradicts herself.
    left = sum_up(key, answered(key, [("ann", item.id, 1.0) for item in key.items]))
    assert left.self_agreements[0].same == 0 and left.first_chosen == 1


def test_shared_texts_are_rated_for_all_who_wrote_them():
    key = ratings_key({"a": "x", "b": "y"}, sources=0)
    shared = Item(id="i", example="s0", owners=(("a",), ("b",)))
    found = sum_up(
        key.model_copy(update={"items": (shared,)}),
        answered(key.model_copy(update={"items": (shared,)}), [("ann", "i", 4.0)]),
    )
    assert [found.scores["good", system].value for system in "ab"] == [4, 4]
    assert found.verdicts.pairs[0].difference.value == 0
