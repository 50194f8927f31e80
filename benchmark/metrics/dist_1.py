"""dist-1: the share of distinct words inside one candidate; `distinct_1` is over a corpus.

Unique over total whitespace tokens of a sentence; 0 for an empty one. It falls when a text
repeats its own words, and says nothing about diversity between candidates.

Source: Li et al. (arXiv 1510.03055), per sentence as in DiffuSeq (arXiv 2210.08933).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import Item, Option, Scores
from benchmark.metrics.item_counts import count_items
from benchmark.metrics.text import PIECES_OPTION, TOKEN_OPTIONS, CasedTokenMetric


@dataclass(frozen=True, slots=True)
class Dist1(CasedTokenMetric):
    """Unique over total words of a candidate."""

    name = "dist_1"
    title = "dist-1"
    summary = "share of distinct words inside a candidate"
    options: ClassVar[Mapping[str, Option]] = {**TOKEN_OPTIONS, **PIECES_OPTION}
    facts = "tok:whitespace|empty:0|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        counted = count_items(items, self.reading)
        lengths = counted.candidate_lengths
        # A text has one count for every distinct word.
        words = np.bincount(counted.orders[0].text, minlength=lengths.size)[: lengths.size]
        return Scores(words.reshape(lengths.shape) / np.maximum(lengths, 1), self.signature)
