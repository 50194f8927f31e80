"""div-4: the share of distinct 4-grams in a candidate set.

Unique over total 4-grams, both over all candidates of a source together; 0 where no candidate
has four tokens, as in DiffuSeq's script, so a task of very short texts is not measured well by
it. The floor is 1/K, reached by K equal candidates.

Source: DiffuSeq (arXiv 2210.08933, section 4.1), after Deshpande et al. (arXiv 1805.12589).
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

ORDER = 4


@dataclass(frozen=True, slots=True)
class Div4:
    """Unique over total 4-grams of the candidates of a source; higher is more diverse."""

    name: ClassVar[str] = "div_4"
    title: ClassVar[str] = "div-4"
    summary: ClassVar[str] = "share of distinct 4-grams among the candidates of a source"
    level: ClassVar[Level] = "set"
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
        return sign(
            self.name, case=self.case, tok="whitespace", order=str(ORDER), empty="0", version="1"
        )

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)`, NaN with fewer than two candidates."""
        return Scores(np.array([self._distinct(item) for item in items]), self.signature)

    def _distinct(self, item: Item) -> float:
        if len(item.candidates) < 2:
            return float("nan")
        grams: list[tuple[str, ...]] = []
        for text in item.candidates:
            tokens = words(text, self.case)
            grams += zip(*(tokens[start:] for start in range(ORDER)), strict=False)
        return len(set(grams)) / len(grams) if grams else 0.0
