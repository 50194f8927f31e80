"""Share of candidates that are the source itself.

Two texts are the same when they agree after lower-casing and reducing white space. Copying
scores high on overlap metrics where target and source share words (a paraphrase, a simpler
sentence), so a quality figure without this one beside it can be an artefact. Where the target
may be the source (simplification) a copy is not wrong: no direction is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.api.token_unit import Unit
from benchmark.metrics.interface import Direction, Item, Scores
from benchmark.metrics.text import TokenMetric, split


@dataclass(frozen=True, slots=True)
class CopyRate(TokenMetric):
    """1 where a candidate is the source, up to case and white space."""

    name = "copy_rate"
    title = "copies"
    summary = "share of candidates that copy the source"
    direction: ClassVar[Direction] = "none"
    facts = "case:lower|space:squeezed|version:1"

    def signed(self, facts: str) -> str:
        """See `TokenMetric.signed`."""
        return facts if self.counted == "words" else facts.replace("squeezed", "dropped")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        values = []
        for item in items:
            unit: Unit = "words" if self.counted == "words" else "characters"
            source = split(item.content, "lower", unit)
            values.append([split(text, "lower", unit) == source for text in item.candidates])
        return Scores(np.array(values, dtype=np.float64), self.signature)
