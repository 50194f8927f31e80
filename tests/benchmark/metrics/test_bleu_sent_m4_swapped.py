from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4_swapped import BleuSentM4Swapped

SMOOTHING = SmoothingFunction().method4
METRIC = BleuSentM4Swapped()


def by_nltk(reference: str, hypothesis: str) -> float:
    words = hypothesis.split()
    return float(sentence_bleu([reference.split()], words, smoothing_function=SMOOTHING))


def test_equals_nltk_with_the_arguments_swapped(random_items: list[Item]) -> None:
    items = random_items[:200]
    expected = [
        [np.mean([by_nltk(c, r) for r in item.references]) for c in item.candidates]
        for item in items
    ]
    assert len({len(item.references) for item in items}) > 1
    np.testing.assert_allclose(METRIC.score(items).values, expected, atol=1e-9, rtol=0)


def test_pairs_are_those_of_bleu_transposed(random_items: list[Item]) -> None:
    items = random_items[:20]
    pairs = METRIC.pairwise(items)
    right = make_metric("bleu_sent_m4").pairwise(items)  # type: ignore[attr-defined]
    assert not np.allclose(pairs, right)
    np.testing.assert_array_equal(pairs, right.transpose(0, 2, 1))


def test_length_decides_the_difference() -> None:
    reference = "a b c d e f g h i j k l"
    texts = ("a b c d", "a b c d x f g h i j k l", f"{reference} m n")
    item = Item("0", "", (reference,), texts)
    right = make_metric("bleu_sent_m4").score([item]).values[0]
    short, same, long = METRIC.score([item]).values[0] - right
    assert short > 0.05
    assert same == pytest.approx(0.0, abs=1e-12)
    assert long != 0


def test_case_and_signature() -> None:
    item = Item("0", "", ("A b c d",), ("a b c d", ""))
    lower = BleuSentM4Swapped.make({"case": "lower"}, None)
    assert lower.id == "bleu_sent_m4_swapped:case=lower"
    assert METRIC.id == "bleu_sent_m4_swapped"
    assert lower.score([item]).values.tolist() == [[pytest.approx(1.0), 0.0]]
    assert METRIC.score([item]).values[0, 0] < 1.0
    assert "nrefs:1" in METRIC.score([item]).signature


def test_a_reference_is_needed() -> None:
    with pytest.raises(UserError, match="no reference"):
        METRIC.score([Item("0", "", (), ("a",))])
