"""Share of candidates without any text: white space counts as none."""

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
    sign,
)


@dataclass(frozen=True, slots=True)
class EmptyRate:
    """1 where a candidate is empty."""

    name: ClassVar[str] = "empty_rate"
    title: ClassVar[str] = "empty"
    summary: ClassVar[str] = "share of empty candidates"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "lower"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    unit: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}
    controlled: ClassVar[bool] = False

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`."""
        return cls()

    @property
    def id(self) -> str:
        """See `Metric.id`."""
        return self.name

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return sign(self.name, version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        values = [[not text.strip() for text in item.candidates] for item in items]
        return Scores(np.array(values, dtype=np.float64), self.signature)
