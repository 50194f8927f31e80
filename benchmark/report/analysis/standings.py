"""Where the systems of a task stand at equal diversity and at equal cost.

What is held equal is taken from the records, by rules that no system can choose:

- the diversity of the grammar's own draws where the answers are known (as varied as the truth
  is), else that of the references where a source has several;
- the greatest diversity that every system with a curve reaches;
- the least number of calls, of rows and of seconds at which every system can decode at all.

How a quality is read off a curve, and what the area is, is explained in
`benchmark.report.analysis.frontier`. There are two steps. `choose_places` says which settings, in
which shares, stand for a system at each level, from what they did on the valid split: the more
settings a system has, the better the best of them looks on the sources that it was chosen on, so
none is chosen on the test sources. `measure_places` says what the places score there. A place is
then a score over the sources like any other, and the tests of every other table compare it
(`benchmark.report.analysis.verdicts`); intervals hold for the places as chosen. Records without a
valid part, and outputs made elsewhere, have curves and no places. The area describes a curve and
is not tested.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.frontier import area, place_at, undominated
from benchmark.report.analysis.resampled_scores import Place, task_draws
from benchmark.report.data.axes import Axis, main_axis, planes
from benchmark.report.data.points import CEILING, REFERENCE, Board, Point

StandardId = Literal["grammar", "human", "common", "depth", "rows", "seconds_per_candidate"]

AREA = "area"
LONE = "one setting: a point has no area"
UNCOUNTED = "a yardstick has no cost to compare"
UNSAMPLED = "no independent samples: not on the axis of diversity"
UNCHOSEN = "no settings chosen on the valid split"
NO_PLACES = (
    "Nothing is held equal: these records have no part on the valid split to choose settings on"
    " (`evaluation.valid_sources`), and settings chosen on the sources that they are scored on"
    " favour who has more of them."
)
"""Said where a task has no standards."""

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


Choice = Mapping[Standard, Mapping[str, Place]]
"""What is held equal, and the place of each system that reaches it."""


@dataclass(frozen=True)
class Standings:
    """The systems of a task by area and standards; `quality` is what all of them measure."""

    quality: Axis
    diversity: Axis | None
    choice: Choice
    curves: Mapping[str, SweepSummary]
    values: Mapping[tuple[str, str], Interval]
    """By column (`area` or the id of a standard) and system."""
    dashes: Mapping[tuple[str, str], str]
    """Why a value is missing."""

    @property
    def standards(self) -> tuple[Standard, ...]:
        """What is held equal."""
        return tuple(self.choice)

    def value(self, column: str, system: str) -> Interval:
        """A figure; undefined where there is none."""
        return self.values.get((column, system), UNDEFINED)

    def level_of(self, standard: Standard, point: Point, *, valid: bool = False) -> float:
        """What a setting has of what is held equal, in the unit that is shown."""
        if standard.is_cost:
            cost = point.valid_cost(standard.id) if valid else point.cost(standard.id)
            return cost * COSTS[standard.id][1]
        if self.diversity is None:
            return math.nan
        return self.diversity.read_valid(point) if valid else self.diversity.read(point).value

    def spent(self, standard: Standard, system: str) -> float:
        """The diversity or the cost of a place on the test split; NaN where there is no place."""
        place = self.choice[standard].get(system)
        if not place:
            return math.nan
        return math.fsum(share * self.level_of(standard, p) for p, share in place.items())

    def standard(self, *ids: StandardId) -> Standard | None:
        """The first of the named standards that the task has."""
        return next((s for i in ids for s in self.standards if s.id == i), None)


@lru_cache(maxsize=64)
def compute_standings(board: Board, task: str) -> Standings | None:
    """The standings of a task; None where no quality was measured."""
    quality = main_axis(board, task)
    if quality is None:
        return None
    return measure_places(board, task, quality, choose_places(board, task, quality))


def choose_places(board: Board, task: str, quality: Axis) -> Choice:
    """The places on the envelopes of the valid split, for every standard that it gives."""
    found: dict[Standard, Mapping[str, Place]] = {}
    diversity = diversity_axis(board, task)
    if diversity is not None:
        sampled = _find_known(find_sampled(board, task, quality), quality, diversity.read_valid)
        reached = {s: [diversity.read_valid(p) for p in of] for s, of in sampled.items()}
        for name, level in _find_levels(board, task, diversity, reached):
            found[Standard(name, level)] = _find_places(sampled, reached, quality, level)
    for name in COSTS:
        settings = {s: settings_by_cost(board, task, s) for s in board.models}
        priced = _find_known(settings, quality, partial(_price, cost=name))
        prices = {s: [-p.valid_cost(name) for p in of] for s, of in priced.items()}
        if prices:
            level = min(max(of) for of in prices.values())
            found[Standard(name, -level)] = _find_places(priced, prices, quality, level)
    return found


def measure_places(board: Board, task: str, quality: Axis, choice: Choice) -> Standings:
    """The scores of places, the areas under the curves, and how far these reach."""
    draws, diversity = task_draws(board, task), diversity_axis(board, task)
    bounds = quality.bounds(board, task)
    values: dict[tuple[str, str], Interval] = {
        (standard.id, system): draws.at(place, quality, bounds)
        for standard, places in choice.items()
        for system, place in places.items()
    }
    sampled = find_sampled(board, task, quality)
    curves = dict(_summarise_sweeps(board, task, sampled, quality))
    if diversity is not None:
        span = (min(0.0, bounds[0]), bounds[1] * diversity.bounds(board, task)[1])
        for system, points in sampled.items():
            if len(points) > 1:
                xs, ys = (
                    np.stack([draws.of(point, axis) for point in points], axis=1)
                    for axis in (diversity, quality)
                )
                values[AREA, system] = draws.interval(area(xs, ys), span)
    dashes = {
        (column, point.system): why
        for point in board.mains(task)
        if point.trials
        for column in ([AREA] if diversity else []) + [standard.id for standard in choice]
        if (column, point.system) not in values
        and (why := _explain_dash(column, point, sampled.get(point.system, ()), diversity))
    }
    return Standings(quality, diversity, choice, curves, values, dashes)


def diversity_axis(board: Board, task: str) -> Axis | None:
    """The axis of all planes of a task."""
    shown = planes(board, task)
    return shown[0][0] if shown else None


def settings_of(board: Board, task: str, system: str) -> tuple[Point, ...]:
    """The sampled settings of a system: those of its sweeps, or its main setting alone."""
    swept = [point for curve in board.sweeps(task, system) for point in curve]
    main = board.main(task, system)
    points = dict.fromkeys(swept or ([main] if main is not None and main.trials else []))
    return tuple(point for point in points if point.sampled)


def offered(board: Board, task: str, standard: Standard, system: str) -> tuple[Point, ...]:
    """The settings of a system among which its place is chosen."""
    if standard.is_cost:
        return settings_by_cost(board, task, system)
    return settings_of(board, task, system)


def find_sampled(board: Board, task: str, quality: Axis) -> dict[str, tuple[Point, ...]]:
    """By system the settings that have a place on the plane."""
    diversity = diversity_axis(board, task)
    if diversity is None:
        return {}
    found = {
        point.system: tuple(
            p
            for p in settings_of(board, task, point.system)
            if diversity.read(p).defined and quality.read(p).defined
        )
        for point in board.mains(task)
        if point.trials
    }
    return {system: points for system, points in found.items() if points}


def _find_levels(
    board: Board, task: str, diversity: Axis, reached: Mapping[str, Sequence[float]]
) -> Iterator[tuple[StandardId, float]]:
    for name, system in TRUTHS.items():
        row = board.main(task, system)
        if row is not None and diversity.read_valid(row) > 0:
            yield name, diversity.read_valid(row)
            break
    models = [max(xs) for system, xs in reached.items() if system in board.models]
    if models:
        yield "common", min(models)


def settings_by_cost(board: Board, task: str, system: str) -> tuple[Point, ...]:
    """The settings of a model that differ in what they cost, its main one among them."""
    main = board.main(task, system)
    if main is None or not main.trials:
        return ()
    return tuple(dict.fromkeys((main, *board.nfe_curve(task, system))))


def _price(point: Point, cost: StandardId) -> float:
    """NaN where nothing was counted."""
    return point.valid_cost(cost) or math.nan


def _find_known(
    settings: Mapping[str, Sequence[Point]], quality: Axis, read: Callable[[Point], float]
) -> dict[str, tuple[Point, ...]]:
    """The settings whose quality and place were measured on the valid split, by system."""
    known = {
        system: tuple(
            p for p in of if math.isfinite(read(p)) and math.isfinite(quality.read_valid(p))
        )
        for system, of in settings.items()
    }
    return {system: points for system, points in known.items() if points}


def _find_places(
    settings: Mapping[str, Sequence[Point]],
    xs: Mapping[str, Sequence[float]],
    quality: Axis,
    level: float,
) -> dict[str, Place]:
    """The place of each system that reaches a level with its settings at `xs`."""
    found: dict[str, Place] = {}
    for system, points in settings.items():
        ys = np.array([quality.read_valid(point) for point in points])
        place = place_at(np.array(xs[system]), ys, level)
        if place:
            found[system] = {points[number]: share for number, share in place.items()}
    return found


def _explain_dash(
    column: str, point: Point, settings: Sequence[Point], diversity: Axis | None
) -> str:
    if column in COSTS:
        return UNCOUNTED if point.yardstick else UNCHOSEN
    if not settings or diversity is None:
        return UNSAMPLED
    if column == AREA:
        return LONE
    reached = [x for p in settings if math.isfinite(x := diversity.read_valid(p))]
    return f"reaches only a diversity of {max(reached):.4f}" if reached else UNCHOSEN


def _summarise_sweeps(
    board: Board, task: str, sampled: Mapping[str, Sequence[Point]], quality: Axis
) -> Iterator[tuple[str, SweepSummary]]:
    """The measured points; yardsticks do not count for who is in front."""
    diversity = diversity_axis(board, task)
    if diversity is None:
        return
    models = set(board.models)
    for system, points in sampled.items():
        rivals = [p for s in sampled if {s, system} <= models for p in sampled[s]]
        xs, ys = (
            np.array([axis.read(p).value for p in (*points, *rivals)])
            for axis in (diversity, quality)
        )
        ahead, own = undominated(xs, ys)[: len(points)], xs[: len(points)]
        yield system, SweepSummary(len(own), float(own.min()), float(own.max()), int(ahead.sum()))
