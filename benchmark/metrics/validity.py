"""Share of candidates that are valid targets of their source.

A candidate is valid when the grammar of the task gives it a positive probability; the text must
agree exactly, up to white space. With several candidates the oracle statistic says for how many
sources at least one is valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.metrics.interface import Item, Scores
from benchmark.metrics.text import squeeze
from benchmark.metrics.true_distribution import ControlledMetric


@dataclass(frozen=True, slots=True)
class Validity(ControlledMetric):
    """1 where a candidate is one of the valid targets."""

    name = "validity"
    title = "validity"
    summary = "share of candidates that are valid targets"
    facts = "space:squeezed|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1."""
        truths = self.true_distributions(items)
        values = [
            [truth.get(squeeze(text), 0.0) > 0 for text in item.candidates]
            for item, truth in zip(items, truths, strict=True)
        ]
        return Scores(np.array(values, dtype=np.float64), self.signature)
