"""Share of candidates without any text: white space counts as none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.interface import Direction, Item, Scores


@dataclass(frozen=True, slots=True)
class EmptyRate(DeclaredMetric):
    """1 where a candidate is empty."""

    name = "empty_rate"
    title = "empty"
    summary = "share of empty candidates"
    direction: ClassVar[Direction] = "lower"
    facts = "version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        values = [[not text.strip() for text in item.candidates] for item in items]
        return Scores(np.array(values, dtype=np.float64), self.signature)
