"""Intervals over sources by the bootstrap, and the correction for many tests.

Every score here is a function of sums over sources: a mean is (sum of values) / (number), corpus
BLEU is a function of summed counts. So a resample of the sources is a product of a matrix of
multiplicities with the contributions, exact for both kinds, and one set of resamples serves
many scores. The tests that stand on this are in `benchmark.report.analysis.significance`.

Sources:
    percentile bootstrap: Efron and Tibshirani, "An introduction to the bootstrap" (1993), ch. 13;
    for translation metrics: Koehn, "Statistical significance tests" (EMNLP 2004);
    crossed resampling of seeds and sources: Owen, "The pigeonhole bootstrap" (2007,
    arXiv 0712.1111);
    correction: Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError

FloatArray = NDArray[np.float64]

METHOD = "percentile bootstrap over sources"

_BLOCK_CELLS = 4_000_000
"""Multiplicities held at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class IntervalRecipe:
    """How intervals are made; stored with every score."""

    level: float = 0.95
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise UserError(f"interval.level is {self.level} and must lie between 0 and 1.")
        if self.resamples < 1:
            raise UserError(f"interval.resamples is {self.resamples} and must be 1 or more.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the ends of its interval; all NaN where undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AdditiveScore:
    """A score that depends on sums over sources alone.

    `contributions` is `(S, n)`; `total` maps sums `(..., n)` to scores `(...)`.
    """

    contributions: FloatArray
    total: Callable[[FloatArray], FloatArray]

    @property
    def value(self) -> float:
        """The score of all sources."""
        return float(self.total(self.contributions.sum(axis=0)))


def mean_of(values: FloatArray) -> AdditiveScore:
    """The mean of `values` `(S,)` over the sources where it is defined (not NaN)."""
    defined = np.isfinite(values)
    columns = [np.where(defined, values, 0.0), defined.astype(np.float64)]
    return AdditiveScore(np.stack(columns, axis=-1), _ratio)


def bootstrap(
    scores: Sequence[AdditiveScore], *, level: float, resamples: int, rng: np.random.Generator
) -> list[Estimate]:
    """Percentile intervals of several scores of the same sources, from the same resamples."""
    drawn = _resampled(scores, resamples, rng)
    return [
        _percentiles(score.value, values, level)
        for score, values in zip(scores, drawn, strict=True)
    ]


def across_seeds(
    scores: Sequence[AdditiveScore], *, level: float, resamples: int, rng: np.random.Generator
) -> Estimate:
    """The mean over seeds, with an interval that covers seeds and sources.

    The seeds are crossed with the sources (every seed answers the same sources), so each
    resample draws seeds and sources independently and keeps the drawn sources for every seed.
    With fewer than about five seeds the part of the interval that comes from them is too
    narrow, as for any bootstrap of so few units; with one seed there is none.

    Args:
        scores: one score a seed, over the same sources in the same order.
        level: of the interval.
        resamples: number of resamples.
        rng: source of all randomness.
    """
    by_seed = np.stack(_resampled(scores, resamples, rng))  # (seeds, resamples)
    picks = rng.integers(0, len(scores), size=(resamples, len(scores)))
    drawn = by_seed[picks, np.arange(resamples)[:, None]].mean(axis=1)
    return _percentiles(float(np.mean([score.value for score in scores])), drawn, level)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values of a family of tests, in the order given.

    A test is significant at level alpha, with the chance of any false positive in the family
    at most alpha, when its adjusted value is at most alpha.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def _resampled(
    scores: Sequence[AdditiveScore], resamples: int, rng: np.random.Generator
) -> list[FloatArray]:
    """Every score under the same resamples of its sources: one `(resamples,)` a score."""
    sizes = {len(score.contributions) for score in scores}
    if len(sizes) != 1:
        raise ValueError(f"Scores over different numbers of sources: {sorted(sizes)}.")
    num_sources = sizes.pop()
    # Contributions side by side: one product a block serves all scores.
    edges = np.cumsum([0, *(score.contributions.shape[1] for score in scores)])
    together = np.concatenate([score.contributions for score in scores], axis=1)
    blocks = []
    for size in _blocks(resamples, num_sources):
        picks = rng.integers(0, num_sources, size=(size, num_sources))
        cells = picks + np.arange(size)[:, None] * num_sources
        times = np.bincount(cells.ravel(), minlength=size * num_sources)
        blocks.append(times.reshape(size, num_sources).astype(np.float64) @ together)
    sums = np.concatenate(blocks)
    return [
        score.total(sums[:, start:stop])
        for score, start, stop in zip(scores, edges, edges[1:], strict=False)
    ]


def _blocks(resamples: int, num_sources: int) -> Iterator[int]:
    size = max(1, _BLOCK_CELLS // num_sources)
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def _percentiles(value: float, drawn: FloatArray, level: float) -> Estimate:
    drawn = drawn[np.isfinite(drawn)]
    if not math.isfinite(value) or not len(drawn):
        return Estimate(math.nan, math.nan, math.nan)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Estimate(value, float(low), float(high))


def _ratio(sums: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: FloatArray = sums[..., 0] / sums[..., 1]
    return quotient
