"""How far the distribution of the candidates is from the true one.

Let q be the distribution that a system samples from and p the true one, over pairs of a source
(all equally likely) and a target. The divergence is one minus Morisita's index of overlap,

    D(q, p) = sum (q - p)^2 / (sum q^2 + sum p^2),

0 for q = p and 1 for distributions without a common text. K candidates of one source estimate
it without bias in numerator and denominator: with n_y candidates equal to y, the sum of q^2 is
estimated by sum n_y (n_y - 1) / (K (K - 1)), the sum of q p by sum n_y p_y / K, and the sum of
p^2 is known. Numerators and denominators are added over sources before dividing. So the
expected value of the truth itself is 0 to O(1 / sources) at every K >= 2: there is no floor to
subtract, and an estimate can fall a little below 0.

Why not total variation or Jensen-Shannon: no unbiased estimator of either exists, and the
plug-in value of K samples is not least for the truth. In the extreme K = 1 it is least for a
system that always says the most likely target; with K = 8 and some 24 likely targets, sampling
at temperature 0.5 beats the truth by more than the effect of interest, even after the exact
expectation under the truth is subtracted.

The differences are squared: a share v of invalid texts, everything else being right, gives
about v^2 / (1 + (1 - v)^2). Small shares show in `validity`.

The value of a source is its share in the ratio, linearised: D + (a_s - D b_s) / mean(b), with
a_s and b_s its numerator and denominator. Their mean is D exactly, and their spread gives its
standard error to first order, so intervals and paired tests treat them as any other value.

Source: Morisita, "Measuring of interspecific association and similarity between communities"
(1959), whose index was made to be independent of sample size; linearised ratio: Cochran,
"Sampling techniques" (1977), section 6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import Direction, Item, Level, Scores
from benchmark.metrics.text import squeeze
from benchmark.metrics.true_distribution import ControlledMetric


@dataclass(frozen=True, slots=True)
class Divergence(ControlledMetric):
    """One minus Morisita's overlap of the candidates with the truth; 0 is the truth."""

    name = "divergence"
    title = "divergence"
    summary = "distance of the candidates from the true distribution (Morisita)"
    level: ClassVar[Level] = "set"
    direction: ClassVar[Direction] = "lower"
    facts = "index:1-morisita|pooled:sources|space:squeezed|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)` whose mean is the divergence, NaN with fewer than two candidates."""
        if len(items[0].candidates) < 2:
            return Scores(np.full(len(items), np.nan), self.signature)
        truths = self.true_distributions(items)
        terms = np.array(
            [_terms(item.candidates, truth) for item, truth in zip(items, truths, strict=True)]
        )
        numerator, denominator = terms.T
        pooled = numerator.sum() / denominator.sum()
        share = (numerator - pooled * denominator) / denominator.mean()
        return Scores(pooled + share, self.signature)


def _terms(candidates: Sequence[str], truth: Mapping[str, float]) -> tuple[float, float]:
    """Unbiased estimates of sum (q - p)^2 and of sum q^2 + sum p^2 for one source."""
    num_samples = len(candidates)
    counts = Counter(squeeze(text) for text in candidates)
    repeats = sum(n * (n - 1) for n in counts.values()) / (num_samples * (num_samples - 1))
    shared = sum(n * truth.get(text, 0.0) for text, n in counts.items()) / num_samples
    concentration = sum(p * p for p in truth.values())
    both = repeats + concentration
    return both - 2 * shared, both
