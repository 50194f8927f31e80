"""Share of edits that keep the values of the attributes that were not named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.metrics.interface import Item, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class OthersKept(JudgedMetric):
    """1 where an edit does so; undefined where there is no text to edit."""

    name = "others_kept"
    title = "others kept"
    summary = "share of edits that keep the other attributes"
    facts = "judge:task|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1; NaN where the control line has no text."""
        return self.score_each(items, lambda judgement: judgement.others_kept)
