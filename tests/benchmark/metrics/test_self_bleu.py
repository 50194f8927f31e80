from __future__ import annotations

import itertools

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.metrics import Item, make_metric


def by_nltk(hypothesis: str, reference: str) -> float:
    smoothing = SmoothingFunction().method4
    return float(
        sentence_bleu([reference.split()], hypothesis.split(), smoothing_function=smoothing)
    )


@pytest.mark.slow
def test_symmetric_form_is_the_mean_over_ordered_pairs(random_items: list[Item]) -> None:
    items = random_items[:120]
    expected = [
        np.mean(
            [
                1.0 if a.split() == b.split() else by_nltk(a, b)
                for a, b in itertools.permutations(item.candidates, 2)
            ]
        )
        for item in items
    ]
    values = make_metric("self_bleu").score(items).values
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


def test_published_form_takes_each_pair_in_one_direction(random_items: list[Item]) -> None:
    items = random_items[:120]
    expected = [
        np.mean([by_nltk(a, b) for a, b in itertools.combinations(item.candidates, 2)])
        for item in items
    ]
    values = make_metric("self_bleu:form=published").score(items).values
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


def test_only_the_published_form_depends_on_the_order() -> None:
    texts = ("how do i learn", "how do i learn to play the guitar")
    there, back = Item("0", "", (), texts), Item("0", "", (), texts[::-1])
    symmetric, published = make_metric("self_bleu"), make_metric("self_bleu:form=published")
    np.testing.assert_allclose(symmetric.score([there]).values, symmetric.score([back]).values)
    assert abs(published.score([there]).values[0] - published.score([back]).values[0]) > 0.02


def test_equal_candidates_score_one_and_a_single_one_is_undefined() -> None:
    same = Item("0", "", (), ("what is the best way",) * 3)
    assert make_metric("self_bleu").score([same]).values[0] == 1.0
    assert np.isnan(make_metric("self_bleu").score([Item("0", "", (), ("a",))]).values[0])


@pytest.mark.parametrize("text", ["i see", "yes", "not at all", "it is too late", ""])
@pytest.mark.parametrize("count", [2, 5])
def test_equal_short_answers_have_no_diversity(text: str, count: int) -> None:
    item = Item("0", "", (), (text,) * count)
    assert make_metric("self_bleu").score([item]).values[0] == 1.0


def test_the_published_form_keeps_what_bleu_says_of_equal_short_answers() -> None:
    item = Item("0", "", (), ("i see",) * 5)
    value = make_metric("self_bleu:form=published").score([item]).values[0]
    assert value == pytest.approx(by_nltk("i see", "i see"), abs=1e-12)
    assert round(1 - value, 2) == 0.78


def test_only_equal_pairs_count_as_one() -> None:
    texts = ("i see", "i see", "i see it now")
    different = by_nltk("i see", "i see it now") + by_nltk("i see it now", "i see")
    value = make_metric("self_bleu").score([Item("0", "", (), texts)]).values[0]
    assert value == pytest.approx((2 * 1 + 2 * different) / 6, abs=1e-12)


@pytest.mark.parametrize(
    ("spec", "first", "second", "is_equal"),
    [
        ("self_bleu", "I see", "i see", False),
        ("self_bleu:case=lower", "I see", "i see", True),
        ("self_bleu", "i  see", " i see", True),
        ("self_bleu:tokens=characters", "is ee", "i see", True),
    ],
)
def test_equal_are_texts_of_the_same_tokens(
    spec: str, first: str, second: str, is_equal: bool
) -> None:
    value = make_metric(spec).score([Item("0", "", (), (first, second))]).values[0]
    assert bool(value == 1.0) is is_equal
