"""Kneser-Ney of n-grams, with that of NLTK as the oracle."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmark.tasks.kneser_ney import KneserNey

CORPUS = [
    "the cat sat on the mat", "the dog sat on the cat", "a dog ate the mat", "the cat ate",
    "on the mat the dog sat", "a cat sat", "sat on a mat on the mat", "once upon a mat",
]  # fmt: skip
TEXTS = [text.split() for text in CORPUS]
NEW = ["the dog sat on a mat", "mat cat", "a unicorn sat on the moon", "", "the"]


def mask(text: list[str], order: int, known: set[str]) -> list[str]:
    words = [word if word in known else "<UNK>" for word in text]
    return ["<s>"] * (order - 1) + words + ["</s>"]


def oracle(order: int, discounts: list[float], known: set[str]) -> Any:
    """NLTK's model with our discounts, and uniform probabilities below order 1.

    It is given the n-grams that end in a word or in the end of a text: with its own padding it
    would also predict a beginning after a beginning.
    """
    from nltk.lm import KneserNeyInterpolated

    sizes = range(1, order + 1)
    lines = [mask(text, order, known) for text in TEXTS]
    grams = [
        [tuple(line[end - n : end]) for end in range(order, len(line) + 1) for n in sizes]
        for line in lines
    ]
    model = KneserNeyInterpolated(order, discount=0.5)
    model.fit(grams, [word for line in lines for word in line])
    estimator = model.estimator
    interpolate = estimator.alpha_gamma

    def alpha_gamma(word: str, context: tuple[str, ...]) -> tuple[float, float]:
        estimator.discount = discounts[len(context)]
        return interpolate(word, context)

    def unigram_score(word: str) -> float:
        words = [*sorted(known), "<UNK>", "</s>"]
        counts = {w: estimator._continuation_counts(w)[0] for w in words}
        types = sum(count > 0 for count in counts.values())
        lower = discounts[0] * types / len(words)
        return (max(counts[word] - discounts[0], 0) + lower) / sum(counts.values())

    estimator.alpha_gamma, estimator.unigram_score = alpha_gamma, unigram_score
    return model


@pytest.mark.parametrize("order", [2, 3, 4])
def test_equals_nltk(order: int) -> None:
    ours = KneserNey(TEXTS, order)
    known = set(ours.vocabulary)
    theirs = oracle(order, ours.discounts, known)
    for text in [line.split() for line in NEW] + TEXTS:
        line = mask(text, order, known)
        expected = [
            math.log(theirs.unmasked_score(line[i], tuple(line[i - order + 1 : i])))
            for i in range(order - 1, len(line))
        ]
        assert ours.log_probabilities(text) == pytest.approx(expected, abs=1e-12)


def test_probabilities_of_what_may_follow_sum_to_one() -> None:
    model = KneserNey(TEXTS, 3)
    for before in ([], ["the"], ["cat", "dog"], ["unicorn", "the"]):
        words = [*model.vocabulary, "unicorn"]
        total = sum(math.exp(model.log_probabilities([*before, w])[len(before)]) for w in words)
        total += math.exp(model.log_probabilities(before)[-1])
        assert total == pytest.approx(1, abs=1e-12)


def test_a_token_of_one_text_is_unknown() -> None:
    model = KneserNey(TEXTS, 2)
    assert "upon" not in model.vocabulary
    assert model.log_probabilities(["upon"]) == model.log_probabilities(["unicorn"])


def test_discounts_are_estimated_where_they_can_be() -> None:
    # Pairs: begin-a 2, a-a 1, a-end 2, and the same for b: two of them once and four twice. Words:
    # a, b and the end stand after two different ones each, so none stands there once.
    model = KneserNey([["a", "a"], ["a"], ["b", "b"], ["b"]], 2)
    assert model.discounts == [0.5, 0.2]
