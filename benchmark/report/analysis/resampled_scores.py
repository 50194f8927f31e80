"""The points of a task under common resamples: what its intervals and tests are made from.

The settings of all systems see the same resamples, and those of one system are moved by the same
seeds, as they decode the same weights; `benchmark.scoring.bootstrap` says how.

A *place* is a point on the line between settings of a system: each source is decoded by one of
them, drawn at random with fixed shares. Its score is the mixture of theirs, source by source, so
a place has contributions of its sources as a setting has, and can be resampled and swapped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Interval
from benchmark.report.data.axes import Axis, planes, quality_axes
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import find_recipe, seed_parts
from benchmark.scoring.bootstrap import (
    UNBOUNDED,
    AdditiveScore,
    Bounds,
    IntervalRecipe,
    Parts,
    interval,
    resample,
    source_ends,
)

FloatArray = NDArray[np.float64]

Place = Mapping[Point, float]
"""Settings of a system and their shares, which add up to 1."""


@dataclass(frozen=True)
class Draws:
    """Scores of points on axes, in the rows of `benchmark.scoring.bootstrap.Resampled`."""

    parts: Mapping[tuple[Point, Axis], Parts]
    drawn: Mapping[tuple[Point, Axis], FloatArray]
    seeds: tuple[str, ...] = ()
    recipe: IntervalRecipe = field(default_factory=IntervalRecipe)
    """Of the intervals of the run."""

    def of(self, point: Point, axis: Axis) -> FloatArray:
        """The score of a point; NaN but for the first where no values per source were kept."""
        known = self.drawn.get((point, axis))
        if known is not None:
            return known
        values = np.full(1 + len(self.seeds) + self.recipe.resamples, math.nan)
        values[0] = axis.read(point).value
        return values

    def mix(self, place: Place, axis: Axis) -> Parts:
        """The contributions of a place, by the seeds that all its settings have.

        Empty where no values per source were kept, or of other numbers of candidates.
        """
        parts = [self.parts.get((point, axis), {}) for point in place]
        widths = {part.contributions.shape for of in parts for part in of.values()}
        if len(widths) != 1:
            return {}
        seeds = [seed for seed in parts[0] if all(seed in of for of in parts)]
        return {seed: _mix([of[seed] for of in parts], list(place.values())) for seed in seeds}

    def at(self, place: Place, axis: Axis, bounds: Bounds = UNBOUNDED) -> Interval:
        """The score of a place with its interval, the same wherever it is shown."""
        values = np.sum([share * self.of(point, axis) for point, share in place.items()], axis=0)
        parts = self.mix(place, axis)
        ends = source_ends(parts, self.recipe.level) if parts else None
        return self.interval(values, bounds, ends)

    def interval(
        self,
        values: FloatArray,
        bounds: Bounds = UNBOUNDED,
        ends: tuple[float, float] | None = None,
    ) -> Interval:
        """The interval of a value that was computed row by row."""
        return interval(values, seeds=self.seeds, level=self.recipe.level, bounds=bounds, ends=ends)


# One task at a time: the draws are large, and a report goes from task to task.
@lru_cache(maxsize=1)
def task_draws(board: Board, task: str) -> Draws:
    """The draws of all points that are in the table, on a curve or on a budget."""
    # Those with more candidates may answer fewer sources, and are compared in tables of their own.
    points = [
        p for p in board.points if p.task == task and p.trials and p.roles - {"ablation", "mbr"}
    ]
    axes = [axis for plane in planes(board, task) for axis in plane]
    return resample_points(board, points, tuple(dict.fromkeys([*axes, *quality_axes(board, task)])))


def resample_points(board: Board, points: Iterable[Point], axes: Sequence[Axis]) -> Draws:
    """Resample the scores of points of one task, as often as the run did.

    Points over other sources than the first one cannot be resampled with it and are left out.
    """
    recipe = IntervalRecipe()
    ids: tuple[str, ...] = ()
    parts: dict[tuple[Point, Axis], Parts] = {}
    for point in points:
        names = {axis: (axis.metric, axis.statistic) for axis in axes}
        sources, found = seed_parts(board.records, point.trials, names.values())
        if found and not ids:
            ids = sources
            recipe = find_recipe(point.trials)
        if sources == ids:
            parts |= {(point, axis): found[name] for axis, name in names.items() if name in found}
    systems = {key: key[0].system for key in parts}
    resampled = resample(parts, systems, resamples=recipe.resamples, seed=recipe.seed)
    for (point, axis), values in resampled.scores.items():
        if axis.complement:
            np.subtract(1, values, out=values)
        # The measured value is the one in every other table.
        values[: 1 + len(resampled.seeds)] += axis.read(point).value - values[0]
    return Draws(parts, resampled.scores, resampled.seeds, recipe)


def _mix(scores: Sequence[AdditiveScore], shares: Sequence[float]) -> AdditiveScore:
    mixed = np.sum([w * s.contributions for s, w in zip(scores, shares, strict=True)], axis=0)
    return AdditiveScore(mixed, scores[0].total, min(score.draws for score in scores))
