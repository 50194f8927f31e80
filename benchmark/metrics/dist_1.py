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
        values, split = [], self.splitter()
        for item in items:
            tokens = [split(text) for text in item.candidates]
            values.append([len(set(line)) / len(line) if line else 0.0 for line in tokens])
        return Scores(np.array(values, dtype=np.float64), self.signature)
