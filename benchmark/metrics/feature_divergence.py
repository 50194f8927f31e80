"""How far the distribution of one feature of the sentences is from the true one.

As `divergence`, one minus Morisita's index of overlap, but of a feature (the adjective, the dish,
the frame, a free attribute) in place of the whole text, where there are too many texts to list.
All sentences that were drawn for one control line are pooled, over its requests and candidates:
the index needs no floor to be subtracted, so the truth has 0 at every number of draws. Invalid
candidates have no feature and are left out: `sentence` counts them.

`feature_divergence:of=dish` names the feature. A control line that asks for a value of it leaves
nothing free and does not count; the values of its sources are the linearised share
of their control line, as in `divergence`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.api import read_control
from benchmark.metrics.interface import Direction, Item, Level, Option, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class FeatureDivergence(JudgedMetric):
    """One minus Morisita's overlap of a feature of the candidates with its truth; 0 is best."""

    name = "feature_divergence"
    title = "divergence of a feature"
    summary = "distance of a feature of the candidates from its true distribution (Morisita)"
    level: ClassVar[Level] = "set"
    direction: ClassVar[Direction] = "lower"
    options: ClassVar[Mapping[str, Option]] = {"of": Option("dish")}
    facts = "index:1-morisita|pooled:control-line|named:left-out|invalid:left-out|version:1"

    of: str = "dish"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)` whose mean is the divergence."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(items):
            control = read_control(item.source)
            if control is None or self.of not in control.wanted:
                rows[item.source].append(row)
        numerator, denominator = np.zeros(len(items)), np.zeros(len(items))
        for source, of_line in rows.items():
            drawn: Counter[str] = Counter()
            for row in of_line:
                for text in items[row].candidates:
                    features = self.judge.features(text)
                    if features is not None:
                        drawn[features[self.of]] += 1
            both, difference = _terms(drawn, self.judge.shares(source, self.of))
            denominator[of_line], numerator[of_line] = both, difference
        if not rows:
            return Scores(np.full(len(items), np.nan), self.signature)
        pooled = numerator.sum() / denominator.sum()
        share = (numerator - pooled * denominator) / denominator.mean()
        return Scores(pooled + share, self.signature)


def _terms(drawn: Mapping[str, int], truth: Mapping[str, float]) -> tuple[float, float]:
    """Unbiased estimates of sum q^2 + sum p^2 and of sum (q - p)^2; no overlap below two draws."""
    count = sum(drawn.values())
    concentration = sum(p * p for p in truth.values())
    if count < 2:
        return concentration, concentration
    repeats = sum(n * (n - 1) for n in drawn.values()) / (count * (count - 1))
    shared = sum(n * truth.get(feature, 0.0) for feature, n in drawn.items()) / count
    both = repeats + concentration
    return both, both - 2 * shared
