"""Share of candidates that are valid targets of their source.

A candidate is valid when the grammar of the task gives it a positive probability; the text must
agree exactly, up to white space. With several candidates the oracle statistic says for how many
sources at least one is valid.
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
    sign,
)
from benchmark.metrics.text import squeeze
from benchmark.metrics.truth import distributions, required


@dataclass(frozen=True, slots=True)
class Validity:
    """1 where a candidate is one of the valid targets."""

    name: ClassVar[str] = "validity"
    title: ClassVar[str] = "validity"
    summary: ClassVar[str] = "share of candidates that are valid targets"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "higher"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    unit: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}
    controlled: ClassVar[bool] = True

    conditional: Conditional

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`."""
        return cls(required(conditional, cls.name))

    @property
    def id(self) -> str:
        """See `Metric.id`."""
        return self.name

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return sign(self.name, space="squeezed", version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        truths = distributions(self.conditional, items, self.name)
        values = [
            [truth.get(squeeze(text), 0.0) > 0 for text in item.candidates]
            for item, truth in zip(items, truths, strict=True)
        ]
        return Scores(np.array(values, dtype=np.float64), self.signature)
