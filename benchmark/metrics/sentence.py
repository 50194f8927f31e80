"""Share of candidates that are sentences, whatever their attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.metrics.interface import Item, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class Sentence(JudgedMetric):
    """1 where the judge takes a candidate for a sentence."""

    name = "sentence"
    title = "sentences"
    summary = "share of candidates that are sentences of the task"
    facts = "judge:task|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        return self.score_each(items, lambda judgement: judgement.valid)
