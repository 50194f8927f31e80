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
        np.mean([by_nltk(a, b) for a, b in itertools.permutations(item.candidates, 2)])
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
