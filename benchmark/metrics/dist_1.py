"""dist-1: the share of distinct words inside one candidate.

Unique over total whitespace tokens of a sentence; 0 for an empty one. It falls when a text
repeats its own words, and says nothing about diversity between candidates.

Source: Li et al. (arXiv 1510.03055), per sentence as in DiffuSeq (arXiv 2210.08933).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from benchmark.metrics.interface import (
    Conditional,
    Direction,
    Item,
    Level,
    Option,
    Scores,
    metric_id,
    sign,
)
from benchmark.metrics.text import CASE_OPTION, Case, case_of, words


@dataclass(frozen=True, slots=True)
class Dist1:
    """Unique over total words of a candidate."""

    name: ClassVar[str] = "dist_1"
    title: ClassVar[str] = "dist-1"
    summary: ClassVar[str] = "share of distinct words inside a candidate"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "higher"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    unit: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = CASE_OPTION
    controlled: ClassVar[bool] = False

    case: Case = "mixed"

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`."""
        return cls(case_of(options))

    @property
    def id(self) -> str:
        """See `Metric.id`."""
        return metric_id(self.name, self.options, {"case": self.case})

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return sign(self.name, case=self.case, tok="whitespace", empty="0", version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        values = []
        for item in items:
            tokens = [words(text, self.case) for text in item.candidates]
            values.append([len(set(line)) / len(line) if line else 0.0 for line in tokens])
        return Scores(np.array(values, dtype=np.float64), self.signature)
