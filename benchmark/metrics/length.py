"""Length of a candidate in tokens of its task; neither long nor short is better.

Deviates: DiffuSeq's script splits at single spaces, after special tokens were cut out, and so
counts the empty strings that they leave behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import Direction, Item, Scores
from benchmark.metrics.item_counts import count_items
from benchmark.metrics.text import AS_WRITTEN, Reading, TokenMetric


@dataclass(frozen=True, slots=True)
class Length(TokenMetric):
    """Tokens of a candidate."""

    name = "length"
    title = "length"
    summary = "tokens of a candidate: words, or what its task is counted by"
    direction: ClassVar[Direction] = "none"
    high = math.inf
    unit = "tokens"
    facts = "tok:whitespace|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`."""
        counted = count_items(items, Reading(AS_WRITTEN, "mixed", self.counted))
        return Scores(counted.candidate_lengths.astype(np.float64), self.signature)
