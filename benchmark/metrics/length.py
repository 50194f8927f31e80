"""Length of a candidate in whitespace tokens; neither long nor short is better.

Deviates: DiffuSeq's script splits at single spaces, after special tokens were cut out, and so
counts the empty strings that they leave behind.
"""

from __future__ import annotations

import math
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
class Length:
    """Whitespace tokens of a candidate."""

    name: ClassVar[str] = "length"
    title: ClassVar[str] = "length"
    summary: ClassVar[str] = "whitespace tokens of a candidate"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "none"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = math.inf
    unit: ClassVar[str] = "tokens"
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
        return sign(self.name, tok="whitespace", version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`."""
        values = [[len(text.split()) for text in item.candidates] for item in items]
        return Scores(np.array(values, dtype=np.float64), self.signature)
