"""The one engine of intervals and tests: sources by the bootstrap, seeds by Student's t.

Every score here is a function of sums over sources: a mean is (sum of values) / (number), corpus
BLEU is a function of summed counts. So a resample of the sources is a product of a matrix of
multiplicities with the contributions, exact for both kinds, and one set of resamples serves many
scores, those of different systems too: the effect of a source on two of them cancels in their
difference.

With one seed an interval holds the percentiles of the resamples. Several seeds are crossed with the
sources (each decodes the same ones) and too few to be resampled, so they enter as variance:
`resample` gives, between the measured scores and the resamples, one row for each seed, with the
scores moved by what it adds to the standard error (the jackknife). Whatever is computed row by row,
such as a difference or an area under a curve, carries its variance over seeds with it. Seeds of
different systems are independent: seed 1 of one and of another share only the number. The variances
of seeds and sources add up to that of the value, of as many degrees of freedom as Welch and
Satterthwaite give such a sum, those of the sources being infinite. Percentiles are stretched about
the value by it. A share of yes and no has the ends of `benchmark.scoring.shares` in place of
percentiles.

In a simulation of equal systems (standard deviation .017 between seeds, .25 between sources, 4,000
pairs) this rejects 4 to 6 % of true hypotheses at 0.05 with 2, 3 or 5 seeds and 100 to 2,500
sources. Drawing the seeds as well rejects up to 25 %, with stretched weights (Rao and Wu 1988) up
to 15 %. An interval of 95 % of one system covers 92 to 96 %, with two seeds and 2,500 sources 87 %.

Sources:
    percentile bootstrap: Efron and Tibshirani, "An introduction to the bootstrap" (1993), ch. 13
    and, for p values that agree with it, 15; the jackknife: ch. 11;
    for translation metrics: Koehn, "Statistical significance tests" (EMNLP 2004);
    degrees of freedom: Satterthwaite, "An approximate distribution of estimates of variance
    components" (Biometrics 2, 1946); Welch, "The generalization of Student's problem" (Biometrika
    34, 1947);
    that variances of crossed factors add up, counting their interaction twice, which is
    cautious: Owen, "The pigeonhole bootstrap" (2007, arXiv 0712.1111).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError
from benchmark.records.schema import Interval
from benchmark.scoring.shares import share_ends

FloatArray = NDArray[np.float64]

Key = TypeVar("Key", bound=Hashable)

Bounds = tuple[float, float]
"""The range of a metric; NaN where an end is open."""

METHOD = "percentile bootstrap over sources"

SEEDS_METHOD = "widened for the spread over seeds by Student's t (Welch-Satterthwaite)"
"""Appended to `METHOD` if there are several seeds."""

SHARES_METHOD = "Clopper-Pearson at the effective number of answers"
"""Of the intervals of shares of yes in reports; records keep the bootstrap."""

UNBOUNDED: Bounds = (-math.inf, math.inf)

_NORMAL = 1e6
"""Degrees of freedom from which Student's t is practically normal."""

_EQUAL = 1e-12
"""Equal scores differ in the last bits if they are summed in another order."""

_TRACE = 1e-10
"""How far a seed moves a mean that it equals, so that it is not taken for one that is absent."""

_BLOCK_CELLS = 1_000_000
"""Multiplicities held at once: 8 MB."""


@dataclass(frozen=True, slots=True)
class IntervalRecipe:
    """How intervals are computed; stored with every score."""

    level: float = 0.95
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise UserError(f"interval.level is {self.level} and must lie between 0 and 1.")
        if self.resamples < 1:
            raise UserError(f"interval.resamples is {self.resamples} and must be 1 or more.")


@dataclass(frozen=True, slots=True)
class AdditiveScore:
    """A score that depends only on sums over sources.

    `contributions` is `(S, n)`; `total` maps sums `(..., n)` to scores `(...)`. `draws` is the
    number of answers of each source where the score is their share of yes, else 0.
    """

    contributions: FloatArray
    total: Callable[[FloatArray], FloatArray]
    draws: int = 0

    @property
    def value(self) -> float:
        """The score of all sources."""
        return float(self.total(self.contributions.sum(axis=0)))


Parts = Mapping[int, AdditiveScore]
"""By seed: the contribution of every source to a score."""


@dataclass(frozen=True, slots=True)
class Resampled(Generic[Key]):
    """Scores `(1 + seeds + resamples,)`: as measured, moved by each seed, and resampled."""

    scores: Mapping[Key, FloatArray]
    seeds: tuple[str, ...]
    """The systems whose seeds move the rows after the first."""
    parts: Mapping[Key, Parts]
    """What they were made from."""

    def interval(self, key: Key, *, level: float = 0.95, bounds: Bounds = UNBOUNDED) -> Interval:
        """The interval of a score; that of a share holds near 0 and 1."""
        ends = source_ends(self.parts[key], level)
        return interval(self.scores[key], seeds=self.seeds, level=level, bounds=bounds, ends=ends)


def mean_of(values: FloatArray, draws: int = 0) -> AdditiveScore:
    """The mean of `values` `(S,)` over the sources where it is defined (not NaN).

    Args:
        values: one of each source.
        draws: where they are shares of yes, of how many answers each.
    """
    defined = np.isfinite(values)
    columns = [np.where(defined, values, 0.0), defined.astype(np.float64)]
    return AdditiveScore(np.stack(columns, axis=-1), ratio, draws)


def source_ends(parts: Parts, level: float) -> tuple[float, float] | None:
    """The ends of a share of yes over the sources, all seeds together; None where it is none."""
    draws = [part.draws for part in parts.values()]
    if not all(draws):
        return None
    means = _means(parts)
    return share_ends(means[np.isfinite(means)], sum(draws), level)


def means_by_source(parts: Parts) -> FloatArray | None:
    """The mean over the seeds `(S,)`; None where the score is not the mean of all sources."""
    for part in parts.values():
        if part.total is not ratio or np.abs(part.contributions[:, 1] - 1).max() > 1e-9:
            return None
    return _means(parts)


def bootstrap(scores: Sequence[AdditiveScore], recipe: IntervalRecipe) -> list[Interval]:
    """Intervals of several scores of one seed over the same sources, from the same resamples."""
    parts = {number: {0: score} for number, score in enumerate(scores)}
    found = resample(
        parts, dict.fromkeys(parts, ""), resamples=recipe.resamples, seed=recipe.seed
    ).scores
    return [interval(found[number], level=recipe.level) for number in parts]


def resample(
    parts: Mapping[Key, Parts], systems: Mapping[Key, str], *, resamples: int, seed: int = 0
) -> Resampled[Key]:
    """Means over seeds under common resamples of the sources, and moved by each seed.

    A mean over n seeds is moved by seed i by the deviation of that seed over the root of n (n - 1):
    the squares add up to the squared standard error. This is the effect of leaving the seed out,
    scaled; scores of one seed are not moved.

    Args:
        parts: by score and seed, the contributions of the sources; all of the same sources.
        systems: the system of each score: scores of a system are moved by the same seeds.
        resamples: their number.
        seed: of the resamples.
    """
    if not parts:
        return Resampled({}, (), {})
    sizes = {len(part.contributions) for of in parts.values() for part in of.values()}
    if len(sizes) != 1:
        raise ValueError(f"Scores over different numbers of sources: {sorted(sizes)}.")
    (num_sources,) = sizes
    several = {(systems[key], name) for key, of in parts.items() if len(of) > 1 for name in of}
    seeds = sorted(several)
    scores = {
        key: np.concatenate([_moved(of, systems[key], seeds), np.empty(resamples)])
        for key, of in parts.items()
    }
    rng = np.random.default_rng(seed)
    flat = [(key, part) for key, of in parts.items() for part in of.values()]
    # Contributions side by side: one product per block serves all scores.
    edges = np.cumsum([0, *(part.contributions.shape[1] for _, part in flat)])
    together = np.concatenate([part.contributions for _, part in flat], axis=1)
    size = max(1, _BLOCK_CELLS // num_sources)
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        sums = _multiplicities(rows, num_sources, rng) @ together
        drawn: dict[Key, list[FloatArray]] = {}
        for (key, part), left, right in zip(flat, edges, edges[1:], strict=False):
            drawn.setdefault(key, []).append(part.total(sums[:, left:right]))
        first = 1 + len(seeds) + start
        for key, by_seed in drawn.items():
            scores[key][first : first + rows] = np.mean(by_seed, axis=0)
    return Resampled(scores, tuple(system for system, _ in seeds), parts)


def interval(
    values: FloatArray,
    *,
    seeds: Sequence[str] = (),
    level: float = 0.95,
    bounds: Bounds = UNBOUNDED,
    ends: tuple[float, float] | None = None,
) -> Interval:
    """The measured value with its interval, cut off at the ends of the range of its metric.

    There is no interval if more resamples are undefined than the interval excludes, since the rest
    would be a selection. The same holds if the value moved by a seed is undefined.

    Args:
        values: `(1 + seeds + resamples,)`, the rows of `Resampled` or values computed from them.
        seeds: systems whose seeds move the rows after the first.
        level: of the interval.
        bounds: the range of the metric.
        ends: of the interval over the sources, where they are not the percentiles.
    """
    value = float(values[0])
    low, high = ends or _percentiles(values[1 + len(seeds) :], level)
    low, high = widen((low, high), value, _over_seeds(values, seeds), level)
    if not np.isfinite([value, low, high]).all():
        return Interval(value=value)
    return clipped(Interval(value=value, low=low, high=high), bounds)


def widen(
    ends: tuple[float, float], value: float, over_seeds: Sequence[tuple[float, int]], level: float
) -> tuple[float, float]:
    """The ends of an interval over the sources, moved out by the spread over seeds.

    Args:
        ends: of the interval over the sources.
        value: of which they are the ends.
        over_seeds: variances of the value, each over the seeds of one system, and their degrees of
            freedom.
        level: of the interval.
    """
    low, high = ends
    variance, freedom = _add_up(over_seeds, low, high, level)
    if variance == 0:
        return low, high
    times, error = _quantile(freedom, level), math.sqrt(variance)
    return (
        value - times * math.hypot((value - low) / _normal(level), error),
        value + times * math.hypot((high - value) / _normal(level), error),
    )


def p_value(difference: FloatArray, *, seeds: Sequence[str] = (), level: float = 0.95) -> float:
    """Two-sided p value of a measured difference, never 0.

    At most `1 - level` if the interval of that level excludes 0. With one seed it is twice the
    share of resamples on the other side of 0, where undefined ones support neither side; with
    several it is that of Student's t.
    """
    value = float(difference[0])
    if not math.isfinite(value):
        return 1.0
    drawn = difference[1 + len(seeds) :]
    moves = np.abs(difference[1 : 1 + len(seeds)] - value)
    if (moves < _EQUAL).all():
        undefined = int(np.isnan(drawn).sum())
        below, above = int((drawn < _EQUAL).sum()), int((drawn > -_EQUAL).sum())
        return min(1.0, 2 * (1 + undefined + min(below, above)) / (1 + len(drawn)))
    low, high = _percentiles(drawn, level)
    variance, freedom = _add_up(_over_seeds(difference, seeds), low, high, level)
    if not np.isfinite([low, high, variance]).all():
        return 1.0
    from scipy.special import stdtr

    to_zero = value - low if value > 0 else high - value
    error = math.hypot(to_zero / _normal(level), math.sqrt(variance))
    return max(2 * float(stdtr(freedom, -abs(value) / error)), 2 / (1 + len(drawn)))


def clipped(found: Interval, bounds: Bounds) -> Interval:
    """The interval clipped to a range that includes its value: an estimate may lie outside."""
    low, high = bounds
    return Interval(
        value=found.value,
        low=max(found.low, min(found.value, low)) if math.isfinite(low) else found.low,
        high=min(found.high, max(found.value, high)) if math.isfinite(high) else found.high,
    )


def _moved(of: Parts, system: str, seeds: Sequence[tuple[str, int]]) -> FloatArray:
    """The mean over seeds, and moved by each of `seeds` that it has: `(1 + seeds,)`."""
    values = {(system, name): part.value for name, part in of.items()}
    mean = float(np.mean(list(values.values())))
    scale = math.sqrt(len(values) * (len(values) - 1)) or 1.0
    own = {name: (value - mean) / scale for name, value in values.items()}
    if any(abs(move) > _TRACE for move in own.values()):
        own = {name: move if abs(move) > _TRACE else _TRACE for name, move in own.items()}
    return mean + np.array([0.0, *(own.get(name, 0.0) for name in seeds)])


def _over_seeds(values: FloatArray, seeds: Sequence[str]) -> list[tuple[float, int]]:
    """The variance of a value over the seeds of each system, and its degrees of freedom."""
    of_system: dict[str, list[float]] = {}
    with np.errstate(invalid="ignore"):
        moves = values[1 : 1 + len(seeds)] - values[0]
    for system, move in zip(seeds, moves, strict=True):
        # A setting may lack seeds that other settings of its system have: they do not move it,
        # and are not among those of its variance.
        if not abs(move) < _EQUAL:
            of_system.setdefault(system, []).append(float(move) ** 2)
    return [(math.fsum(squares), max(1, len(squares) - 1)) for squares in of_system.values()]


def _add_up(
    over_seeds: Sequence[tuple[float, int]], low: float, high: float, level: float
) -> tuple[float, float]:
    """The variance over all seeds, and the degrees of freedom of that over seeds and sources."""
    variance = math.fsum(part for part, _ in over_seeds)
    over_sources = ((high - low) / 2 / _normal(level)) ** 2
    spread = math.fsum(part**2 / freedom for part, freedom in over_seeds)
    freedom = (variance + over_sources) ** 2 / spread if spread else _NORMAL
    return variance, min(freedom, _NORMAL)


def _percentiles(drawn: FloatArray, level: float) -> tuple[float, float]:
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < level * len(drawn) or not len(defined):
        return math.nan, math.nan
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(defined, [tail, 100 - tail])
    return float(low), float(high)


def _normal(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _quantile(freedom: float, level: float) -> float:
    """How many standard errors an interval reaches at each side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def _multiplicities(rows: int, num_sources: int, rng: np.random.Generator) -> FloatArray:
    """How often each source is in each resample `(rows, num_sources)`."""
    picks = rng.integers(0, num_sources, size=(rows, num_sources))
    cells = picks + np.arange(rows)[:, None] * num_sources
    times = np.bincount(cells.ravel(), minlength=rows * num_sources)
    return times.reshape(rows, num_sources).astype(np.float64)


def _means(parts: Parts) -> FloatArray:
    means: FloatArray = np.mean([ratio(part.contributions) for part in parts.values()], axis=0)
    return means


def ratio(sums: FloatArray) -> FloatArray:
    """The first of two sums `(..., 2)` over the second; undefined where that is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: FloatArray = sums[..., 0] / sums[..., 1]
    return quotient
