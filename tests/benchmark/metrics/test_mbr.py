from __future__ import annotations

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4 import pair_bleu
from benchmark.metrics.mbr import choose


def test_equals_the_plain_double_loop(random_items: list[Item]) -> None:
    smoothing = SmoothingFunction().method4
    expected = []
    for item in random_items[:200]:
        texts = [text.split() for text in item.candidates]
        totals = [
            sum(
                sentence_bleu([reference], hypothesis, smoothing_function=smoothing)
                for j, reference in enumerate(texts)
                if j != i
            )
            for i, hypothesis in enumerate(texts)
        ]
        expected.append(next(i for i, t in enumerate(totals) if t >= max(totals) - 1e-9))
    chosen = choose(pair_bleu([item.candidates for item in random_items[:200]], "mixed"))
    assert chosen.tolist() == expected
    assert len(set(expected)) > 2


def test_the_candidate_is_the_hypothesis() -> None:
    # Row sums decide: row 1 wins; by column sums it would be 0.
    pairs = np.array([[[1.0, 0.1, 0.1], [0.9, 1.0, 0.0], [0.8, 0.0, 1.0]]])
    assert choose(pairs).tolist() == [1]


def test_itself_is_excluded_and_its_double_is_not() -> None:
    assert choose(np.array([[[5.0, 0.0], [0.1, 0.0]]])).tolist() == [1]
    texts = ["x y z w v", "a b c d e", "a b c d e"]
    assert choose(pair_bleu([texts], "mixed")).tolist() == [1]


def test_ties_go_to_the_first_even_when_rounding_says_otherwise() -> None:
    pairs = np.zeros((1, 3, 3))
    pairs[0, 0, 1:] = [0.1 + 0.2, 0.3]
    pairs[0, 1, [0, 2]] = [0.3, 0.3]
    pairs[0, 2, :2] = [0.3, 0.3 + 1e-15]
    assert choose(pairs).tolist() == [0]
    assert choose(np.zeros((2, 1, 1))).tolist() == [0, 0]


def test_permuted_candidates_give_the_same_text(random_items: list[Item]) -> None:
    items = [item for item in random_items[:100] if len(set(item.candidates)) == 5]
    metric = make_metric("rouge_l")
    order = [3, 1, 4, 0, 2]
    shuffled = [
        Item(i.id, i.source, i.references, tuple(i.candidates[k] for k in order)) for i in items
    ]
    before = metric.pairwise(items)  # type: ignore[attr-defined]
    after = metric.pairwise(shuffled)  # type: ignore[attr-defined]
    np.testing.assert_allclose(before[:, order][:, :, order], after, atol=1e-12)
