from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4 import pair_bleu

SMOOTHING = SmoothingFunction().method4


def by_nltk(references: list[str], hypothesis: str) -> float:
    return float(
        sentence_bleu(
            [reference.split() for reference in references],
            hypothesis.split(),
            smoothing_function=SMOOTHING,
        )
    )


def one(reference: str, hypothesis: str) -> float:
    scores = make_metric("bleu_sent_m4").score([Item("0", "", (reference,), (hypothesis,))])
    return float(scores.values[0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mixed", "lower"])
def test_equals_nltk_on_random_texts(random_items: list[Item], case: str) -> None:
    def fold(text: str) -> str:
        return text.lower() if case == "lower" else text

    values = make_metric(f"bleu_sent_m4:case={case}").score(random_items).values
    expected = [
        [by_nltk([fold(r) for r in item.references], fold(c)) for c in item.candidates]
        for item in random_items
    ]
    assert values.shape == (700, 5)
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)
    assert (values == 0).any()
    assert (values == 1).any()


@pytest.mark.data
def test_equals_nltk_on_real_texts_with_seven_references(asset_items: list[Item]) -> None:
    values = make_metric("bleu_sent_m4").score(asset_items).values
    expected = [[by_nltk(list(i.references), c) for c in i.candidates] for i in asset_items]
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


@pytest.mark.slow
def test_pairs_equal_nltk(random_items: list[Item]) -> None:
    items = random_items[:150]
    expected = [[[by_nltk([r], h) for r in i.candidates] for h in i.candidates] for i in items]
    pairs = make_metric("bleu_sent_m4").pairwise(items)  # type: ignore[attr-defined]
    np.testing.assert_allclose(pairs, expected, atol=1e-9, rtol=0)


def test_pairs_count_repeated_ngrams() -> None:
    texts = ("a a a a a b", "a a a b b b", "a b")
    expected = [[by_nltk([r], h) for r in texts] for h in texts]
    found = pair_bleu([Item("0", "", (), texts)], str.split)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9, rtol=0)


def test_hypothesis_and_reference_are_the_right_way_round() -> None:
    short, full = "how do i learn to", "how do i learn to play the guitar"
    assert one(full, short) == pytest.approx(by_nltk([full], short), abs=1e-9)
    # The brevity penalty is exp(1 - 8/5); with the arguments swapped there would be none.
    assert one(full, short) == pytest.approx(np.exp(1 - 8 / 5), abs=1e-9)
    assert one(short, full) != pytest.approx(one(full, short), abs=0.01)


def test_quirks_of_short_sentences_are_kept() -> None:
    assert one("yes", "yes") == pytest.approx(1.0)
    assert one("thank you", "thank you") == pytest.approx(0.221, abs=5e-4)
    assert one("it is late", "it is late") == pytest.approx(0.576, abs=5e-4)
    assert one("yes", "no") == 0.0
    assert one("yes", "") == 0.0
    assert one("", "yes") == 0.0
    assert one("", "") == 0.0


def test_nearest_reference_length_prefers_the_shorter() -> None:
    item = Item("0", "", ("a b c d e f", "a b"), ("a b c x",))
    value = make_metric("bleu_sent_m4").score([item]).values[0, 0]
    assert value == pytest.approx(by_nltk(["a b c d e f", "a b"], "a b c x"), abs=1e-9)


def test_a_text_does_not_depend_on_its_neighbours(random_items: list[Item]) -> None:
    metric = make_metric("bleu_sent_m4")
    together = metric.score(random_items[:40]).values
    alone = [metric.score([item]).values[0] for item in random_items[:40]]
    np.testing.assert_array_equal(together, alone)


def test_signature_names_the_number_of_references() -> None:
    metric = make_metric("bleu_sent_m4:case=lower")
    item, other = Item("0", "", ("a",), ("a",)), Item("1", "", ("a", "b"), ("a",))
    assert "|case:lower|tok:whitespace|smooth:method4|" in metric.signature
    assert metric.score([item]).signature.startswith("bleu_sent_m4|nrefs:1|case:lower|")
    assert metric.score([item, other]).signature.startswith("bleu_sent_m4|nrefs:var|")


def test_an_example_without_reference_is_named() -> None:
    with pytest.raises(UserError, match="'q7' has no reference"):
        make_metric("bleu_sent_m4").score([Item("q7", "", (), ("a",))])
