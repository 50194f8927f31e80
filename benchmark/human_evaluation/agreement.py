"""How far raters agree, with each other and with themselves.

Krippendorff's alpha is 1 - D_o / D_e: the observed disagreement of values of the same unit over
that of values paired at random. It takes any number of raters and missing values. 1 is perfect, 0
what chance gives.

Sources:
    Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), sections C and D, whose
    example is a test; that alphas below .667 carry no conclusions: Krippendorff, "Content analysis"
    (2004), ch. 11.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Level = Literal["nominal", "ordinal"]

TENTATIVE = 0.667
"""Alpha from which tentative conclusions are accepted."""

PERMUTATIONS = 2000


def krippendorff_alpha(values: FloatArray, level: Level) -> float:
    """Alpha of `values` `(raters, units)`, NaN where a rater gave none.

    NaN if no unit has two values, or all values are the same, where chance agrees as well.
    """
    categories = np.unique(values[np.isfinite(values)])
    counts = (values[:, :, None] == categories).sum(axis=0)  # (units, categories)
    counts = counts[counts.sum(axis=1) >= 2].astype(np.float64)
    if not len(counts):
        return math.nan
    # Coincidences: ordered pairs of values of a unit, each unit with the weight of its values.
    weights = 1 / (counts.sum(axis=1) - 1)
    observed = np.einsum("uc,uk,u->ck", counts, counts, weights) - np.diag(weights @ counts)
    totals = observed.sum(axis=1)
    expected = np.outer(totals, totals) - np.diag(totals)
    distance = _squared_distance(totals, level)
    by_chance = float((expected * distance).sum()) / (totals.sum() - 1)
    return 1 - float((observed * distance).sum()) / by_chance if by_chance > 0 else math.nan


def _squared_distance(totals: FloatArray, level: Level) -> FloatArray:
    """Between the categories, in their order: for ordinal ones, how many values lie between."""
    if level == "nominal":
        return 1 - np.eye(len(totals))
    ranks = np.cumsum(totals) - totals / 2
    difference: FloatArray = ranks[:, None] - ranks[None, :]
    return difference**2


@dataclass(frozen=True)
class SelfAgreement:
    """How often a rater gave the same answer to an item that came again."""

    rater: str
    same: int
    total: int
    """Answers to items that came again, all questions together."""
    by_chance: float
    """The share that her answers would agree in if her second ones were shuffled."""
    p_chance: float
    """How often shuffled answers agree as often or more."""

    @property
    def share(self) -> float:
        """Of her answers to repeated items, those that were the same."""
        return self.same / self.total


def self_agreement(
    rater: str, first: Sequence[Sequence[Hashable]], second: Sequence[Sequence[Hashable]]
) -> SelfAgreement:
    """Compare two showings of some items; the answers to an item are shuffled together.

    Args:
        rater: her name.
        first: by item, the answers to each question; None where there is none.
        second: the same when the items came again.
    """
    # (items, items): answers that agree if the second showing of one had come after the other.
    agreeing = np.array([[_count_same(one, two) for two in second] for one in first], dtype=int)
    total = sum(
        a is not None and b is not None
        for one, two in zip(first, second, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    same, size = int(np.trace(agreeing)), len(agreeing)
    rng = np.random.default_rng(0)
    shuffled = [
        int(agreeing[np.arange(size), rng.permutation(size)].sum()) for _ in range(PERMUTATIONS)
    ]
    return SelfAgreement(
        rater=rater,
        same=same,
        total=total,
        by_chance=float(agreeing.mean()) * size / total if total else math.nan,
        p_chance=(1 + sum(count >= same for count in shuffled)) / (1 + PERMUTATIONS),
    )


def _count_same(one: Sequence[Hashable], two: Sequence[Hashable]) -> int:
    return sum(a == b and a is not None for a, b in zip(one, two, strict=True))
