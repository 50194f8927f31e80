"""The points of a task under common resamples: what its intervals and tests are made from.

The settings of all systems see the same resamples, and those of one system are moved by the same
seeds, as they decode the same weights; `benchmark.scoring.bootstrap` says how.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Interval
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import recipe_of, seed_parts
from benchmark.scoring.bootstrap import UNBOUNDED, Bounds, IntervalRecipe, Parts, interval, resample

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Scores of points on axes, in the rows of `benchmark.scoring.bootstrap.Resampled`."""

    resamples: int
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
        values = np.full(1 + len(self.seeds) + self.resamples, math.nan)
        values[0] = axis.read(point).value
        return values

    def interval(self, values: FloatArray, bounds: Bounds = UNBOUNDED) -> Interval:
        """The interval of a value, from as many resamples as the main table takes.

        So a setting has the same interval in the table, on its curve and in a standing.
        """
        rows = 1 + len(self.seeds) + self.recipe.resamples
        return interval(values[:rows], seeds=self.seeds, level=self.recipe.level, bounds=bounds)


def resample_points(
    board: Board, points: Iterable[Point], axes: Sequence[Axis], *, resamples: int
) -> Draws:
    """Resample the scores of points of one task, as often as asked and at least as the run did.

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
            recipe = next(
                recipe_of(trial.score) for trial in point.trials if trial.score is not None
            )
        if sources == ids:
            parts |= {(point, axis): found[name] for axis, name in names.items() if name in found}
    resamples = max(resamples, recipe.resamples)
    systems = {key: key[0].system for key in parts}
    resampled = resample(parts, systems, resamples=resamples, seed=recipe.seed)
    for (point, axis), values in resampled.scores.items():
        if axis.complement:
            np.subtract(1, values, out=values)
        # The measured value is the one in every other table.
        values[: 1 + len(resampled.seeds)] += axis.read(point).value - values[0]
    return Draws(resamples, parts, resampled.scores, resampled.seeds, recipe)
