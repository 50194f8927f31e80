"""Success by the number of attributes that are asked for at once.

The examples of a task are grouped by how many attributes their control line names. In each group
all rows are resampled together (`benchmark.scoring.bootstrap`), so the share of the ceiling has an
interval of its own: success over that of the oracle, from the same resamples.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.significance import compare_all
from benchmark.report.data.axes import Axis
from benchmark.report.data.control_points import (
    SENTENCES,
    SUCCESS,
    find_unguided,
    has_control,
    kept_axis,
)
from benchmark.report.data.points import BAYES, CEILING, Board, Point
from benchmark.report.data.seed_pooling import find_recipe, keep_rows, seed_parts
from benchmark.scoring.bootstrap import Parts, interval, resample

CEILINGS = {
    name: Axis(f"share of {name}", "expected", f"share of {name}") for name in (CEILING, BAYES)
}
"""Success over that of a ceiling, by ceiling: of all sentences, and at a number of labels. A share
may exceed 1."""


@dataclass(frozen=True)
class Composition:
    """The figures of a task by number of attributes."""

    sources: Mapping[int, int]
    """How many examples ask for so many attributes, the fewest first."""
    values: Mapping[tuple[Point, Axis, int], Interval]
    leaders: frozenset[tuple[Point, int]] = frozenset()
    """Who has the best success among the models of as many labels, or is not told apart from it;
    by number of attributes, and nobody where all are alike."""

    def read(self, point: Point, axis: Axis, wanted: int) -> Interval:
        """A figure of a point; undefined where there is none."""
        return self.values.get((point, axis, wanted), UNDEFINED)


def measured_axes(board: Board, task: str) -> tuple[Axis, ...]:
    """Success, sentences, and for edits the content kept."""
    kept = kept_axis(board, task)
    return (SUCCESS, SENTENCES, *([kept] if kept is not None else []))


@lru_cache(maxsize=64)
def compute_composition(board: Board, task: str) -> Composition | None:
    """The figures of rows and unguided settings; None where no numbers of attributes are known."""
    if not has_control(board, task):
        return None
    unguided = (find_unguided(board, task, system) for system in board.models)
    mains = board.mains(task)
    labels = (p for main in mains for p in board.of(task, main.system, "labels"))
    points = dict.fromkeys(p for p in (*mains, *unguided, *labels) if p is not None and p.trials)
    wanted: tuple[int, ...] = ()
    parts: dict[tuple[Point, Axis], Parts] = {}
    for point in points:
        names = {axis: (axis.metric, axis.statistic) for axis in measured_axes(board, task)}
        _, found = seed_parts(board.records, point.trials, names.values())
        counts = _count_wanted(board, point)
        wanted = wanted or counts
        if counts == wanted:
            parts |= {(point, axis): found[name] for axis, name in names.items() if name in found}
    if not any(wanted) or not parts:
        return None
    sources = {number: count for number, count in sorted(Counter(wanted).items()) if number}
    values: dict[tuple[Point, Axis, int], Interval] = {}
    successes: dict[int, dict[Point, Parts]] = {}
    for number in sources:
        rows = np.array([count == number for count in wanted])
        of_rows = {key: keep_rows(of_seeds, rows) for key, of_seeds in parts.items()}
        successes[number] = {point: of for (point, axis), of in of_rows.items() if axis == SUCCESS}
        for (point, axis), found_interval in _measure(of_rows).items():
            values[point, axis, number] = found_interval
    return Composition(sources, values, frozenset(_find_leaders(successes, values)))


def _find_leaders(
    successes: Mapping[int, Mapping[Point, Parts]],
    values: Mapping[tuple[Point, Axis, int], Interval],
) -> Iterator[tuple[Point, int]]:
    """By the tests of every table, over all numbers of attributes and of labels."""
    names: dict[str, Point] = {}
    numbers: dict[str, int] = {}
    columns: dict[str, dict[str, Parts]] = {}
    for number, of_points in successes.items():
        for point, parts in of_points.items():
            if not point.yardstick:
                name = f"{point.system}, {point.label}"
                names[name] = point
                # More labels are no merit of a system.
                column = f"{number} attributes, {point.labels} labels"
                numbers[column] = number
                columns.setdefault(column, {})[name] = parts
    verdicts = compare_all(columns, systems={name: p.system for name, p in names.items()})
    for column, number in numbers.items():
        found = {name: values[names[name], SUCCESS, number] for name in columns[column]}
        ranking = verdicts.rank(column, found)
        if ranking is not None:
            yield from ((names[name], number) for name in ranking.bold)


def _count_wanted(board: Board, point: Point) -> tuple[int, ...]:
    key = point.trials[0].keys.score
    rows = board.records.values(key) if key is not None else {}
    return tuple(len(row.wanted) for row in rows.values())


def _measure(parts: Mapping[tuple[Point, Axis], Parts]) -> dict[tuple[Point, Axis], Interval]:
    """Every figure with its interval, and the shares of the ceiling."""
    first = next(iter(parts))[0]
    recipe = find_recipe(first.trials)
    systems = {key: key[0].system for key in parts}
    drawn = resample(parts, systems, resamples=recipe.resamples, seed=recipe.seed)
    found = {
        key: drawn.interval(key, level=recipe.level, bounds=(0.0, 1.0)) for key in drawn.scores
    }
    successes = {point: v for (point, axis), v in drawn.scores.items() if axis == SUCCESS}
    for ceiling, top in successes.items():
        for point, values in successes.items():
            if _bounds(ceiling, point):
                with np.errstate(invalid="ignore", divide="ignore"):
                    share = values / top
                found[point, CEILINGS[ceiling.system]] = interval(
                    share, seeds=drawn.seeds, level=recipe.level, bounds=(0.0, math.inf)
                )
    return found


def _bounds(ceiling: Point, point: Point) -> bool:
    """Whether one point is a ceiling of the other: `bayes` of those that learn the same labels."""
    if ceiling.system == CEILING:
        return point.system != CEILING
    seen = (point.labels, point.labels_alone)
    return (
        ceiling.system == BAYES
        and point.system not in CEILINGS
        and seen == (ceiling.labels, ceiling.labels_alone)
    )
