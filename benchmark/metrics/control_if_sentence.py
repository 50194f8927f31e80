"""Share of the sentences among the candidates that do what their control line asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import FloatArray, Item, Level, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class ControlIfSentence(JudgedMetric):
    """Successes over sentences, both summed over the sources."""

    name = "control_if_sentence"
    title = "control | sentence"
    summary = "share of the sentences that have the wanted attributes"
    level: ClassVar[Level] = "corpus"
    facts = "judge:task|pooled:sources|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Statistics `(S, K, 2)`: success and sentence; their sums are divided."""
        found = [[self.judge.judge(item.source, t) for t in item.candidates] for item in items]
        statistics = np.array([[(j.success, j.valid) for j in row] for row in found], np.float64)
        return Scores(statistics[..., 0], self.signature, statistics, _ratio)


def _ratio(sums: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: FloatArray = sums[..., 0] / sums[..., 1]
    return ratio
