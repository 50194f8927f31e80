from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric


def by_nltk(references: tuple[str, ...], hypothesis: str) -> float:
    return float(
        sentence_bleu(
            [reference.split() for reference in references],
            hypothesis.split(),
            smoothing_function=SmoothingFunction().method4,
        )
    )


@pytest.mark.parametrize(("spec", "alpha"), [("ibleu", 0.8), ("ibleu:alpha=0.9", 0.9)])
def test_equals_the_two_bleus_of_nltk(random_items: list[Item], spec: str, alpha: float) -> None:
    items = random_items[:150]
    expected = [
        [
            alpha * by_nltk(i.references, c) - (1 - alpha) * by_nltk((i.source,), c)
            for c in i.candidates
        ]
        for i in items
    ]
    np.testing.assert_allclose(make_metric(spec).score(items).values, expected, atol=1e-9, rtol=0)


def test_copies_lose_and_paraphrases_win() -> None:
    item = Item("0", "a b c d e", ("v w x y z",), ("a b c d e", "v w x y z", "k l m n o"))
    values = make_metric("ibleu").score([item]).values[0]
    np.testing.assert_allclose(values, [-0.2, 0.8, 0.0], atol=1e-12)


def test_a_copy_of_the_source_may_score_below_zero() -> None:
    metric = make_metric("ibleu")
    assert (metric.low, metric.high) == (-1.0, 1.0)


def test_alpha_is_part_of_id_and_signature() -> None:
    metric = make_metric("ibleu:alpha=0.70")
    assert metric.id == "ibleu:alpha=0.7"
    assert "|alpha:0.7|" in metric.signature
    assert make_metric("ibleu:alpha=0.80").id == "ibleu"
    with pytest.raises(UserError, match="option 'alpha' is '2', not a number from 0 to 1"):
        make_metric("ibleu:alpha=2")


@pytest.mark.data
def test_a_copy_loses_on_qqp_even_to_an_answer_to_another_question(qqp_copies: list[Item]) -> None:
    """By sentence BLEU the copy beats most systems; see `docs/metrics.md`."""
    answers = [item.references[0] for item in qqp_copies]
    items = [
        Item(i.id, i.source, i.references, (i.source, answers[n - 7], answers[n]))
        for n, i in enumerate(qqp_copies)
    ]
    copy, other, reference = make_metric("ibleu:case=lower").score(items).values.mean(axis=0)
    assert copy < 0 < other < 0.05 < reference
