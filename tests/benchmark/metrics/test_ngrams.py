from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmark.metrics import Item
from benchmark.metrics.ngrams import MAX_ORDER, _stable_order, count_ngrams


def test_counts_of_every_text_and_order(random_items: list[Item]) -> None:
    texts = [text.split() for item in random_items[:60] for text in item.candidates]
    groups = np.repeat(np.arange(60), 5)
    for order, counts in enumerate(count_ngrams(texts, groups), start=1):
        found = [Counter[int]() for _ in texts]
        for text, gram, count in zip(counts.text, counts.gram, counts.count, strict=True):
            found[text][int(gram)] += int(count)
        expected = [
            Counter(tuple(t[i : i + order]) for i in range(len(t) - order + 1)) for t in texts
        ]
        # The numbers are names: within a group each n-gram has one, and no other has it.
        names: dict[tuple[int, tuple[str, ...]], int] = {}
        for ours, theirs in zip(found, expected, strict=True):
            assert sorted(ours.values()) == sorted(theirs.values())
        group_of = {int(g): int(groups[t]) for t, g in zip(counts.text, counts.gram, strict=True)}
        assert len(group_of) == counts.num_grams
        for group in range(60):
            for text in range(group * 5, group * 5 + 5):
                names.update(((group, gram), 0) for gram in expected[text])
        assert len(names) == counts.num_grams
        assert sorted(group_of, key=lambda gram: (group_of[gram], gram)) == sorted(group_of)
    assert order == MAX_ORDER


@pytest.mark.parametrize("largest", [3, 2**40, 2**61])
def test_order_is_stable_however_large_the_keys(largest: int) -> None:
    rng = np.random.default_rng(0)
    key = rng.choice(np.array([0, 1, 2, largest]), size=500)
    np.testing.assert_array_equal(_stable_order(key), np.argsort(key, kind="stable"))
    assert _stable_order(np.array([], dtype=np.int64)).tolist() == []
