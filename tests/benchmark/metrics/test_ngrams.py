from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics import Item, ngrams
from benchmark.metrics.ngrams import (
    MAX_ORDER,
    _stable_order,
    count_ngrams,
    count_texts,
    match_pairs,
    match_references,
)

WORDS = st.sampled_from(["a", "b", "c", "é", "e\u0301", "好", "?", "👍"])
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)
"""Empty ones, single words and much repetition among them."""


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Candidates, equally many a group, and references."""
    num_samples = draw(st.integers(1, 4))
    exactly = st.lists(TEXTS, min_size=num_samples, max_size=num_samples)
    candidates = draw(st.lists(exactly, min_size=1, max_size=4))
    references = [draw(st.lists(TEXTS, min_size=1, max_size=3)) for _ in candidates]
    return candidates, references


@pytest.mark.slow
@pytest.mark.parametrize("table_cells", [1, ngrams.TABLE_CELLS])
@settings(max_examples=200, deadline=None, derandomize=True)
@given(made=groups())
def test_matches_are_intersections_of_counts(
    made: tuple[list[list[str]], list[list[str]]], table_cells: int
) -> None:
    candidates, references = made
    counted = count_texts(candidates, references, str.split)
    with patch.object(ngrams, "TABLE_CELLS", table_cells):
        pairs = match_pairs(counted)
    found = match_references(counted)
    orders = range(1, MAX_ORDER + 1)
    for group, (texts, wanted) in enumerate(zip(candidates, references, strict=True)):
        for i, one in enumerate(texts):
            expected = [
                [(grams(one, n) & grams(other, n)).total() for n in orders] for other in texts
            ]
            assert pairs.matches[group, i].tolist() == expected
            totals = [grams(one, n).total() for n in orders]
            assert pairs.totals[group, i, 0].tolist() == totals
            clipped = []
            for n in orders:
                allowed = Counter[tuple[str, ...]]()
                for text in wanted:
                    allowed |= grams(text, n)
                clipped.append((grams(one, n) & allowed).total())
            assert found.matches[group, i].tolist() == clipped
            length = len(one.split())
            nearest = min((abs(len(r.split()) - length), len(r.split())) for r in wanted)[1]
            assert found.ref_len[group, i] == nearest


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
