"""Where the systems of a task stand at equal diversity and at equal cost.

What is held equal is taken from the records, by rules that no system can choose:

- the diversity of the grammar's own draws where the answers are known (as varied as the truth
  is), else that of the references where a source has several;
- the greatest diversity that every system with a curve reaches;
- the least number of calls, of rows and of seconds at which every system can decode at all.

How a quality is read off a curve, and what the area is, is explained in
`benchmark.report.analysis.frontier`. All intervals and tests use the same resamples and seeds
(`benchmark.report.analysis.resampled_scores`); the diversities that are held equal move with
them. Costs are measured and stay fixed. Only the bootstrap tests these columns: a place between two
settings belongs to no set of answers that could be swapped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.frontier import area, best_at, undominated
from benchmark.report.analysis.resampled_scores import Draws
from benchmark.report.analysis.significance import Verdicts, compare_all, task_draws
from benchmark.report.data.axes import Axis, main_axis, planes
from benchmark.report.data.points import CEILING, REFERENCE, Board, Point

FloatArray = NDArray[np.float64]

StandardId = Literal["grammar", "human", "common", "depth", "rows", "seconds_per_candidate"]

AREA = "area"
LONE = "one setting: a point has no area"
UNCOUNTED = "a yardstick has no cost to compare"
UNSAMPLED = "no independent samples: not on the axis of diversity"

TRUTHS: Mapping[StandardId, str] = {"grammar": CEILING, "human": REFERENCE}
"""Rows whose diversity is the one to reach; the first that a task has."""

COSTS: Mapping[StandardId, tuple[str, float]] = {
    "depth": ("NFE", 1.0),
    "rows": ("rows", 1.0),
    "seconds_per_candidate": ("ms", 1000.0),
}
"""Budgets by the field of the cost: the unit that is shown, and its number in that of the field."""

SHORT: Mapping[StandardId, str] = {
    "grammar": "as the grammar",
    "human": "as the references",
    "common": "all reach",
}
"""Standards of diversity as the head of a column names them."""

WHAT: Mapping[StandardId, str] = {
    "grammar": "the diversity of the grammar's own draws",
    "human": "the diversity of the references of a source",
    "common": "the greatest diversity that every curve reaches",
    "depth": "the fewest calls with which every system can decode",
    "rows": "the fewest rows with which every system can decode",
    "seconds_per_candidate": "the least time in which every system can decode",
}


@dataclass(frozen=True)
class Standard:
    """What is held equal in a column: a diversity at least, or a cost at most."""

    id: StandardId
    value: float

    @property
    def is_cost(self) -> bool:
        """Whether it is a budget."""
        return self.id in COSTS

    def __str__(self) -> str:
        return f"at most {self.shown} {self.unit}" if self.is_cost else f"at least {self.shown}"

    @property
    def shown(self) -> str:
        """The level as text, without its unit."""
        return f"{self.value * (COSTS[self.id][1] if self.is_cost else 1.0):.3g}"

    @property
    def unit(self) -> str:
        """The unit of a budget; empty for a diversity."""
        return COSTS[self.id][0] if self.is_cost else ""

    @property
    def what(self) -> str:
        """Where it comes from."""
        return WHAT[self.id]


@dataclass(frozen=True)
class SweepSummary:
    """The settings of a system on the plane: how many, how far, and how many are in front.

    `front` counts those that no setting of any model beats in both diversity and quality.
    """

    settings: int
    low: float
    high: float
    front: int


@dataclass(frozen=True)
class Standings:
    """The systems of a task by area and standards; `quality` is what all of them measure."""

    quality: Axis
    diversity: Axis | None
    standards: tuple[Standard, ...]
    curves: Mapping[str, SweepSummary]
    values: Mapping[tuple[str, str], Interval]
    """By column (`area` or the id of a standard) and system."""
    dashes: Mapping[tuple[str, str], str]
    """Why a value is missing."""
    verdicts: Verdicts
    """Pairs of models by column."""

    def value(self, column: str, system: str) -> Interval:
        """A figure; undefined where there is none."""
        return self.values.get((column, system), UNDEFINED)

    def standard(self, *ids: StandardId) -> Standard | None:
        """The first of the named standards that the task has."""
        return next((s for i in ids for s in self.standards if s.id == i), None)


@lru_cache(maxsize=64)
def compute_standings(board: Board, task: str) -> Standings | None:
    """The standings of a task; None where no quality was measured."""
    quality = main_axis(board, task)
    if quality is None:
        return None
    found, draws = _Columns(board, task, quality), task_draws(board, task)
    bounds = dict.fromkeys(found.columns, quality.bounds(board, task))
    if found.diversity is not None:
        bounds[AREA] = (0.0, bounds[AREA][1] * found.diversity.bounds(board, task)[1])
    tested = {
        column: {s: values for s, values in systems.items() if s in found.models}
        for column, systems in found.columns.items()
    }
    return Standings(
        quality,
        found.diversity,
        tuple(found.standards),
        found.curves,
        {
            (column, system): draws.interval(values, bounds[column])
            for column, systems in found.columns.items()
            for system, values in systems.items()
        },
        found.dashes,
        compare_all(tested, seeds=draws.seeds, level=draws.recipe.level, bounds=bounds),
    )


def settings_of(board: Board, task: str, system: str) -> tuple[Point, ...]:
    """The sampled settings of a system: those of its sweeps, or its main setting alone."""
    swept = [point for curve in board.sweeps(task, system) for point in curve]
    main = board.main(task, system)
    points = dict.fromkeys(swept or ([main] if main is not None and main.trials else []))
    return tuple(point for point in points if point.sampled)


class _Columns:
    """The columns of draws from which standings are made."""

    def __init__(self, board: Board, task: str, quality: Axis) -> None:
        self.board, self.task, self.quality = board, task, quality
        self.draws: Draws = task_draws(board, task)
        self.mains = [p for p in board.mains(task) if p.trials]
        self.models = {p.system for p in self.mains if not p.yardstick}
        shown = planes(board, task)
        self.diversity = shown[0][0] if shown else None
        self.standards: list[Standard] = []
        self.columns: dict[str, dict[str, FloatArray]] = {}
        self.curves: dict[str, SweepSummary] = {}
        self.dashes: dict[tuple[str, str], str] = {}
        if self.diversity is not None:
            self._compare_diversity(self.diversity)
        for cost in COSTS:
            self._compare_cost(cost)

    def _compare_diversity(self, diversity: Axis) -> None:
        placed: dict[str, tuple[FloatArray, FloatArray]] = {}
        for main in self.mains:
            points = [
                p
                for p in settings_of(self.board, self.task, main.system)
                if diversity.read(p).defined and self.quality.read(p).defined
            ]
            if points:
                placed[main.system] = (
                    self._stack(points, diversity),
                    self._stack(points, self.quality),
                )
        self.curves = dict(_summarise_sweeps(placed, self.models))
        self.columns[AREA] = {
            s: area(*placed[s]) for s, curve in self.curves.items() if curve.settings > 1
        }
        for name, level in self._find_levels(diversity, placed):
            self.standards.append(Standard(name, float(level[0])))
            self.columns[name] = {s: best_at(*plane, level) for s, plane in placed.items()}
        for main in self.mains:
            for column in (AREA, *(s.id for s in self.standards)):
                if main.system not in placed:
                    self.dashes[column, main.system] = UNSAMPLED
                elif column == AREA and main.system not in self.columns[AREA]:
                    self.dashes[column, main.system] = LONE
                elif math.isnan(self.columns[column][main.system][0]):
                    reach = self.curves[main.system].high
                    self.dashes[column, main.system] = f"reaches only a diversity of {reach:.3f}"

    def _find_levels(
        self, diversity: Axis, placed: Mapping[str, tuple[FloatArray, FloatArray]]
    ) -> Iterator[tuple[StandardId, FloatArray]]:
        for name, system in TRUTHS.items():
            row = self.board.main(self.task, system)
            if row is not None and diversity.read(row).value > 0:
                yield name, self.draws.of(row, diversity)
                break
        reached = [xs.max(axis=1) for s, (xs, _) in placed.items() if s in self.models]
        if reached:
            # Not the minimum: a system without values per source must not undo the draws of all.
            yield "common", np.fmin.reduce(reached)

    def _compare_cost(self, field: StandardId) -> None:
        placed: dict[str, tuple[FloatArray, FloatArray]] = {}
        for main in self.mains:
            if main.yardstick:
                self.dashes[field, main.system] = UNCOUNTED
                continue
            curve = self.board.nfe_curve(self.task, main.system)
            points = [
                p
                for p in dict.fromkeys((main, *curve))
                if p.cost(field) > 0 and self.quality.read(p).defined
            ]
            if points:
                costs = np.array([p.cost(field) for p in points])
                qualities = self._stack(points, self.quality)
                placed[main.system] = np.broadcast_to(-costs, qualities.shape), qualities
        if placed:
            budget = max(float(-costs[0].max()) for costs, _ in placed.values())
            self.standards.append(Standard(field, budget))
            self.columns[field] = {s: best_at(*plane, -budget) for s, plane in placed.items()}

    def _stack(self, points: Sequence[Point], axis: Axis) -> FloatArray:
        return np.stack([self.draws.of(point, axis) for point in points], axis=1)


def _summarise_sweeps(
    placed: Mapping[str, tuple[FloatArray, FloatArray]], models: set[str]
) -> Iterator[tuple[str, SweepSummary]]:
    """The measured points; yardsticks do not count for who is in front."""
    for system, (xs, ys) in placed.items():
        rivals = [placed[s] for s in placed if s in models and system in models]
        every_x = np.concatenate([xs[0], *(x[0] for x, _ in rivals)])
        every_y = np.concatenate([ys[0], *(y[0] for _, y in rivals)])
        front = int(undominated(every_x, every_y)[: xs.shape[1]].sum())
        yield system, SweepSummary(xs.shape[1], float(xs[0].min()), float(xs[0].max()), front)
