from __future__ import annotations

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.metrics import Item, make_metric


def test_equals_nltk_with_the_source_as_reference(random_items: list[Item]) -> None:
    items = random_items[:150]
    smoothing = SmoothingFunction().method4
    expected = [
        [sentence_bleu([i.source.split()], c.split(), smoothing_function=smoothing)
         for c in i.candidates]
        for i in items
    ]  # fmt: skip
    values = make_metric("source_bleu").score(items).values
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


def test_a_copy_scores_one_and_references_are_not_read() -> None:
    item = Item("0", "How do I learn ?", (), ("How do I learn ?", "how do i learn ?", "why"))
    mixed = make_metric("source_bleu").score([item]).values[0]
    lower = make_metric("source_bleu:case=lower").score([item]).values[0]
    assert mixed[0] == 1
    assert mixed[1] < 1
    assert lower[1] == 1
    assert mixed[2] == 0
