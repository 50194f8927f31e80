"""What is read off shared counts equals the definitions, text by text."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric
from benchmark.metrics.item_counts import count_items


def test_length_dist_and_div_by_sets(random_items: list[Item]) -> None:
    lengths, dist, div = [], [], []
    for item in random_items:
        texts = [text.split() for text in item.candidates]
        lengths.append([len(words) for words in texts])
        dist.append([len(set(words)) / len(words) if words else 0.0 for words in texts])
        grams = [tuple(w[i : i + 4]) for w in texts for i in range(len(w) - 3)]
        div.append(len(set(grams)) / len(grams) if grams else 0.0)
    for name, expected in {"length": lengths, "dist_1": dist, "div_4": div}.items():
        np.testing.assert_array_equal(make_metric(name).score(random_items).values, expected)


@pytest.mark.parametrize("references", [(), ("a b c d e",)])
def test_references_are_no_candidates(references: tuple[str, ...]) -> None:
    items = [Item("0", "", references, ("a b c d", "a b c d")), Item("1", "", references, ("", ""))]
    counted = count_items(items, str.split)
    assert counted.candidate_lengths.tolist() == [[4, 4], [0, 0]]
    assert make_metric("div_4").score(items).values.tolist() == [0.5, 0.0]
    assert make_metric("dist_1").score(items).values.tolist() == [[1.0, 1.0], [0.0, 0.0]]
