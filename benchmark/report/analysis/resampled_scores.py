"""The points of a task under common resamples: what intervals and tests are made from.

The sources are drawn anew in every resample, the same for all settings of all systems: they
answer the same sources, so what one source does to two of them cancels in their difference. The
seeds of a system are drawn too, crossed with the sources and the same for all its settings,
which decode the same weights. Seeds of different systems are drawn apart: seed 1 of one and seed
1 of another have nothing in common but the number.

Sources: Owen, "The pigeonhole bootstrap" (2007, arXiv 0712.1111) for units that are crossed;
Efron and Tibshirani, "An introduction to the bootstrap" (1993), ch. 13 and 15, for percentile
intervals and the p values that agree with them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Interval, MetricScore
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import additive
from benchmark.scoring.bootstrap import AdditiveScore

FloatArray = NDArray[np.float64]

SEED = 0
_BLOCK_CELLS = 1_000_000
"""Multiplicities held at once: 8 MB."""

Parts = Mapping[int, AdditiveScore]
"""By seed: what every source contributes to a score."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Draws:
    """Scores of points on axes; `(1 + resamples,)` each, the first of which is the measured one."""

    resamples: int
    parts: Mapping[tuple[Point, Axis], Parts]
    drawn: Mapping[tuple[Point, Axis], FloatArray]
    level: float = 0.95
    """Of the intervals of the run."""

    def of(self, point: Point, axis: Axis) -> FloatArray:
        """The score of a point; NaN but for the first where no values per source were kept."""
        known = self.drawn.get((point, axis))
        if known is not None:
            return known
        values = np.full(1 + self.resamples, math.nan)
        values[0] = axis.read(point).value
        return values


def draw(board: Board, points: Iterable[Point], axes: Sequence[Axis], *, resamples: int) -> Draws:
    """Resample the scores of points of one task.

    Cells over other sources than the first one cannot be resampled with it and are left out.
    """
    parts = dict(_parts(board, points, axes))
    systems = {key: key[0].system for key in parts}
    drawn = resample(parts, systems, resamples=resamples)
    for (point, axis), values in drawn.items():
        if axis.complement:
            np.subtract(1, values, out=values)
        # The measured value is the one that stands in every other table.
        values[0] = axis.read(point).value
    scores = (cell.score for point, _ in parts for cell in point.cells)
    levels = [score.interval.level for score in scores if score is not None]
    return Draws(resamples, parts, drawn, *levels[:1])


def interval(values: FloatArray, *, level: float = 0.95) -> Interval:
    """The measured value with its percentile interval.

    Without interval where more resamples are undefined than the interval leaves out: what is
    left would speak for a selection.
    """
    drawn = values[1:]
    defined = drawn[np.isfinite(drawn)]
    value = float(values[0])
    if not math.isfinite(value) or len(defined) < level * len(drawn) or not len(defined):
        return Interval(value=value)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(value=value, low=float(low), high=float(high))


def p_value(difference: FloatArray) -> float:
    """Two-sided p value of a measured difference from its resamples, never 0.

    Twice the share of resamples on the other side of 0: at most `1 - level` where the interval
    of that level leaves out 0. A resample that is undefined speaks for neither side.
    """
    if not math.isfinite(difference[0]):
        return 1.0
    drawn = difference[1:]
    undefined = int(np.isnan(drawn).sum())
    # Equal scores differ in the last bits when they are summed in another order.
    below, above = int((drawn < 1e-12).sum()), int((drawn > -1e-12).sum())
    return min(1.0, 2 * (1 + undefined + min(below, above)) / (1 + len(drawn)))


def _parts(
    board: Board, points: Iterable[Point], axes: Sequence[Axis]
) -> Iterator[tuple[tuple[Point, Axis], Parts]]:
    ids: list[str] | None = None
    for point in points:
        found: dict[Axis, dict[int, AdditiveScore]] = {axis: {} for axis in axes}
        for cell in point.cells:
            if cell.keys.score is None or cell.score is None:
                continue
            rows = board.records.values(cell.keys.score)
            ids = ids or list(rows)
            if list(rows) != ids:
                continue
            for axis in axes:
                entry: MetricScore | None = cell.score.metrics.get(axis.metric)
                part = additive(rows, axis.metric, entry, axis.statistic) if entry else None
                if part is not None:
                    found[axis][cell.seed] = part
        yield from (((point, axis), parts) for axis, parts in found.items() if parts)


def resample(
    parts: Mapping[Key, Parts], systems: Mapping[Key, str], *, resamples: int
) -> dict[Key, FloatArray]:
    """Scores under common resamples of the sources, and of the seeds of each system.

    Args:
        parts: by score and seed what the sources contribute; all of the same sources.
        systems: to which system a score belongs: its scores share the drawn seeds.
        resamples: how many.

    Returns:
        `(1 + resamples,)` a score: the mean over the seeds, first as measured.
    """
    if not parts:
        return {}
    weights = {
        group: _seed_weights(*group, resamples)
        for group in {(systems[key], tuple(of)) for key, of in parts.items()}
    }
    drawn = {
        key: np.concatenate([[np.mean([part.value for part in of.values()])], np.empty(resamples)])
        for key, of in parts.items()
    }
    rng = np.random.default_rng(SEED)
    flat = [(key, seed, part) for key, of in parts.items() for seed, part in of.items()]
    num_sources = len(flat[0][2].contributions)
    # Contributions side by side: one product a block serves all scores.
    edges = np.cumsum([0, *(part.contributions.shape[1] for _, _, part in flat)])
    together = np.concatenate([part.contributions for _, _, part in flat], axis=1)
    size = max(1, _BLOCK_CELLS // num_sources)
    for start in range(0, resamples, size):
        block = slice(start, min(start + size, resamples))
        sums = _multiplicities(block.stop - start, num_sources, rng) @ together
        scores: dict[Key, list[FloatArray]] = {}
        for (key, _, part), left, right in zip(flat, edges, edges[1:], strict=False):
            scores.setdefault(key, []).append(part.total(sums[:, left:right]))
        for key, by_seed in scores.items():
            shares = weights[systems[key], tuple(parts[key])][:, block]
            drawn[key][1 + block.start : 1 + block.stop] = (shares * by_seed).mean(axis=0)
    return drawn


def _multiplicities(rows: int, num_sources: int, rng: np.random.Generator) -> FloatArray:
    """How often each source is in each resample `(rows, num_sources)`."""
    picks = rng.integers(0, num_sources, size=(rows, num_sources))
    cells = picks + np.arange(rows)[:, None] * num_sources
    times = np.bincount(cells.ravel(), minlength=rows * num_sources)
    return times.reshape(rows, num_sources).astype(np.float64)


def _seed_weights(system: str, seeds: Sequence[int], resamples: int) -> FloatArray:
    """What each seed weighs in each resample `(seeds, resamples)`; they add up to their number.

    A drawn mean of n units varies too little by (n - 1) / n, so the counts are stretched about 1
    (Rao and Wu, "Resampling inference with complex survey data", 1988).
    """
    number = len(seeds)
    if number == 1:
        return np.ones((1, resamples))
    # By name: the resamples of a system do not change with who else was run.
    rng = np.random.default_rng([SEED, zlib.crc32(system.encode())])
    counts = rng.multinomial(number, [1 / number] * number, size=resamples).T
    return 1.0 + math.sqrt(number / (number - 1)) * (counts.astype(np.float64) - 1.0)
