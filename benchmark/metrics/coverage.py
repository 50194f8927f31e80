"""How much of the true distribution the candidates of a source reach.

The sum of the true probabilities of the distinct candidates. It rewards finding many likely
targets and does not punish invalid ones (see `validity`). K independent draws from the truth
itself reach sum over y of p(y) (1 - (1 - p(y))^K) on average, which is what the oracle row
shows. That is not the most: a K-best list, or sampling a little sharper than the truth, reaches
more with few samples, so read it beside `divergence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import Item, Level, Scores
from benchmark.metrics.text import squeeze
from benchmark.metrics.true_distribution import ControlledMetric


@dataclass(frozen=True, slots=True)
class Coverage(ControlledMetric):
    """Probability mass of the distinct candidates of a source under the truth."""

    name = "coverage"
    title = "coverage"
    summary = "true probability mass reached by the distinct candidates"
    level: ClassVar[Level] = "set"
    facts = "space:squeezed|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)`, NaN with fewer than two candidates."""
        values = np.full(len(items), np.nan)
        truths = self.true_distributions(items)
        for row, (item, truth) in enumerate(zip(items, truths, strict=True)):
            if len(item.candidates) >= 2:
                # In order of appearance: a sum over a set would depend on the hash seed.
                distinct = dict.fromkeys(squeeze(text) for text in item.candidates)
                values[row] = sum(truth.get(text, 0.0) for text in distinct)
        return Scores(values, self.signature)
