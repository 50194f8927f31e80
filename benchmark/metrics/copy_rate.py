"""Share of candidates that are the source itself.

Two texts are the same when they agree after lower-casing and reducing white space. Copying
scores high on overlap metrics where target and source share words (a paraphrase, a simpler
sentence), so a quality figure without this one beside it can be an artefact. Where the target
may be the source (simplification) a copy is not wrong: no direction is better.
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


@dataclass(frozen=True, slots=True)
class CopyRate:
    """1 where a candidate is the source, up to case and white space."""

    name: ClassVar[str] = "copy_rate"
    title: ClassVar[str] = "copies"
    summary: ClassVar[str] = "share of candidates that copy the source"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "none"
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
        return sign(self.name, case="lower", space="squeezed", version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        values = []
        for item in items:
            source = squeeze(item.source.lower())
            values.append([squeeze(text.lower()) == source for text in item.candidates])
        return Scores(np.array(values, dtype=np.float64), self.signature)
