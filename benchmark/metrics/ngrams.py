"""Counts of n-grams for a handful of texts at once, and their clipped matches.

All texts of one source (references and candidates) share one small vocabulary of n-grams, so
their counts are the rows of a dense matrix. Counting is done once a text; every pair of texts
is then compared by matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray

MAX_ORDER = 4


@dataclass(frozen=True, slots=True)
class NgramCounts:
    """`lengths` `(T,)` in tokens; `counts[n - 1]` `(T, V_n)`: how often each n-gram occurs."""

    lengths: NDArray[np.int64]
    counts: tuple[FloatArray, ...]

    def totals(self, rows: slice) -> FloatArray:
        """Number of n-grams of every order in the texts `rows`: `(rows, MAX_ORDER)`."""
        orders = np.arange(MAX_ORDER)
        return np.maximum(self.lengths[rows, None] - orders, 0).astype(np.float64)


def count_ngrams(texts: Sequence[Sequence[str]]) -> NgramCounts:
    """Count the n-grams of tokenised texts, orders 1 to 4."""
    lexicon: dict[str, int] = {}
    tokens = [[lexicon.setdefault(word, len(lexicon)) for word in text] for text in texts]
    base = len(lexicon)
    grams, size = tokens, base
    counts = [_table(grams, size)]
    for order in range(2, MAX_ORDER + 1):
        # An n-gram is its first n - 1 tokens, which have a number already, and one more token.
        codes: dict[int, int] = {}
        grams = [
            [
                codes.setdefault(prefix * base + token, len(codes))
                for prefix, token in zip(prefixes, line[order - 1 :], strict=False)
            ]
            for prefixes, line in zip(grams, tokens, strict=True)
        ]
        counts.append(_table(grams, len(codes)))
    return NgramCounts(np.array([len(line) for line in tokens], dtype=np.int64), tuple(counts))


def clip_to_references(hypotheses: FloatArray, references: FloatArray) -> FloatArray:
    """Matches with the references taken together: counts are clipped to the largest of any one.

    Args:
        hypotheses: counts `(H, V)`.
        references: counts `(R, V)`.

    Returns:
        `(H,)` numbers of matched n-grams.
    """
    return np.minimum(hypotheses, references.max(axis=0)).sum(axis=1)


def clip_pairs(counts: FloatArray) -> FloatArray:
    """Matches of every text with every other: `(T, V)` to `(T, T)`.

    min(a, b) is the number of c >= 1 with a >= c and b >= c, so the sum over n-grams of the
    minimum is a sum of products of 0/1 matrices; few n-grams occur more than once.
    """
    matches = np.zeros((len(counts), len(counts)))
    for c in range(1, int(counts.max(initial=0.0)) + 1):
        reached = (counts >= c).astype(np.float64)
        matches += reached @ reached.T
    return matches


def _table(grams: Sequence[Sequence[int]], size: int) -> FloatArray:
    row = np.repeat(np.arange(len(grams)), [len(line) for line in grams])
    flat = np.array([code for line in grams for code in line], dtype=np.int64)
    cells = np.bincount(row * size + flat, minlength=len(grams) * size)
    return cells.reshape(len(grams), size).astype(np.float64)
