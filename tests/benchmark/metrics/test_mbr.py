from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4 import pair_bleu
from benchmark.metrics.interface import FloatArray
from benchmark.metrics.mbr import (
    best_counts,
    choice_counts,
    choose,
    choose_by_size,
    mean_by_size,
)


@pytest.mark.slow
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
    chosen = choose(pair_bleu(random_items[:200], str.split))
    assert chosen.tolist() == expected
    assert len(set(expected)) > 2


def test_the_candidate_is_the_hypothesis() -> None:
    # Row sums decide: row 1 wins; by column sums it would be 0.
    pairs = np.array([[[1.0, 0.1, 0.1], [0.9, 1.0, 0.0], [0.8, 0.0, 1.0]]])
    assert choose(pairs).tolist() == [1]


def test_itself_is_excluded_and_its_double_is_not() -> None:
    assert choose(np.array([[[5.0, 0.0], [0.1, 0.0]]])).tolist() == [1]
    item = Item("0", "", (), ("x y z w v", "a b c d e", "a b c d e"))
    assert choose(pair_bleu([item], str.split)).tolist() == [1]


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


def drawn_pairs(num_sources: int, num_samples: int, *, decimals: int = 17) -> FloatArray:
    """Random pair scores; few decimals give many ties."""
    rng = np.random.default_rng(num_samples)
    return rng.random((num_sources, num_samples, num_samples)).round(decimals)


@pytest.mark.parametrize("decimals", [17, 1])
def test_every_size_is_the_choice_among_the_first(decimals: int) -> None:
    pairs = drawn_pairs(60, 7, decimals=decimals)
    by_size = choose_by_size(pairs)
    for size in range(1, 8):
        np.testing.assert_array_equal(by_size[:, size - 1], choose(pairs[:, :size, :size]))


def test_windows_go_round() -> None:
    pairs = drawn_pairs(40, 5)
    counts = choice_counts(pairs)
    for row, source in zip(counts, pairs, strict=True):
        for size in range(1, 6):
            expected = np.zeros(5)
            for start in range(5):
                members = sorted((start + step) % 5 for step in range(size))
                inner = source[np.ix_(members, members)]
                expected[members[choose(inner[None])[0]]] += 1
            np.testing.assert_array_equal(row[size - 1], expected)


def test_the_ends_are_the_mean_and_the_choice_of_all() -> None:
    pairs, values = drawn_pairs(50, 6), np.random.default_rng(1).random((50, 6))
    by_size = mean_by_size(choice_counts(pairs), values)
    np.testing.assert_allclose(by_size[:, 0], values.mean(axis=1))
    np.testing.assert_allclose(by_size[:, -1], values[np.arange(50), choose(pairs)])


def test_windows_are_as_good_as_all_subsets() -> None:
    """Over all orders of the draws the mean over windows is the mean over all sets of a size."""
    pairs, values = drawn_pairs(1, 4)[0], np.array([0.1, 0.7, 0.4, 1.0])
    orders = [list(order) for order in itertools.permutations(range(4))]
    turned = np.array([pairs[np.ix_(order, order)] for order in orders])
    by_order = mean_by_size(choice_counts(turned), np.array([values[order] for order in orders]))
    for size in range(1, 5):
        sets = [list(members) for members in itertools.combinations(range(4), size)]
        chosen = [values[s[choose(pairs[np.ix_(s, s)][None])[0]]] for s in sets]
        assert by_order[:, size - 1].mean() == pytest.approx(np.mean(chosen))


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_best_of_every_window(direction: Literal["higher", "lower"]) -> None:
    values = np.random.default_rng(2).integers(0, 4, size=(30, 5)).astype(float)
    by_size = mean_by_size(best_counts(values, direction), values)
    end = max if direction == "higher" else min
    for size in range(1, 6):
        expected = [
            np.mean([end(row[(s + step) % 5] for step in range(size)) for s in range(5)])
            for row in values
        ]
        np.testing.assert_allclose(by_size[:, size - 1], expected)


def test_more_candidates_raise_the_bound_and_sums_go_along() -> None:
    values = np.random.default_rng(3).random((20, 6))
    counts = best_counts(values, "higher")
    assert (np.diff(mean_by_size(counts, values), axis=1) >= -1e-12).all()
    both = mean_by_size(counts, np.stack([values, 2 * values], axis=-1))
    np.testing.assert_allclose(both[..., 1], 2 * mean_by_size(counts, values))


def test_an_undefined_value_spoils_the_sizes_that_choose_it() -> None:
    pairs = np.zeros((1, 3, 3))
    pairs[0, 1, [0, 2]] = 1.0
    values = np.array([[np.nan, 0.5, 0.25]])
    by_size = mean_by_size(choice_counts(pairs), values)
    assert np.isnan(by_size[0, 0]) and np.isnan(by_size[0, 1]) and by_size[0, 2] == 0.5


def test_published_definition_at_every_size(random_items: list[Item]) -> None:
    """Argmax of the summed sentence BLEU, candidate as hypothesis, itself left out."""
    smoothing = SmoothingFunction().method4
    items = random_items[:25]
    by_size = choose_by_size(pair_bleu(items, str.split))
    for item, chosen in zip(items, by_size, strict=True):
        texts = [text.split() for text in item.candidates]
        for size in range(1, len(texts) + 1):
            best, index = -1.0, -1
            for i in range(size):
                total = sum(
                    sentence_bleu([texts[j]], texts[i], smoothing_function=smoothing)
                    for j in range(size)
                    if j != i
                )
                if total > best + 1e-9:
                    best, index = total, i
            assert chosen[size - 1] == index
