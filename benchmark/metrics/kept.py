"""Share of edits that keep all that does not express a changed attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.metrics.interface import Item, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class Kept(JudgedMetric):
    """1 where an edit does so; undefined where there is no text to edit."""

    name = "kept"
    title = "content kept"
    summary = "share of edits that keep the rest of the text"
    facts = "judge:task|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1; NaN where the control line has no text."""
        return self.score_each(items, lambda judgement: judgement.kept)
