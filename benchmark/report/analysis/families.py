"""The best of each family, and the best diffusion system beside the best autoregressive one.

A family stands for what its best system reaches on the main quality of a task, by the declared
setting of the main table. Which system that is, is seen on the same sources, so it describes the
run. The test of a difference allows for that choice, because it is one of all pairs of the task
(`benchmark.report.analysis.verdicts`); its interval does not.

Over tasks two systems are compared by the mean of their differences on each task, which no third
system can change. Sources and trained networks of different tasks have nothing in common, so each
task is resampled on its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.records.schema import Interval
from benchmark.report.analysis.standings import settings_by_cost
from benchmark.report.analysis.verdicts import column_of, task_verdicts
from benchmark.report.data.axes import Axis, main_axis
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import find_recipe, seed_parts
from benchmark.scoring.bootstrap import IntervalRecipe, interval, resample

AUTOREGRESSIVE = ("autoregressive",)
DIFFUSION = ("continuous diffusion", "discrete diffusion")

SECONDS = "seconds_per_candidate"
"""The cost that is held equal."""


@dataclass(frozen=True)
class Duel:
    """Two systems on the main quality of a task: `one` minus `other`."""

    quality: Axis
    one: Point
    other: Point
    difference: Interval
    significant: bool | None
    """Whether one is significantly better; None where nothing was tested."""

    @property
    def is_better(self) -> bool:
        """Whether `one` is significantly better."""
        return bool(self.significant) and self.difference.value > 0

    @property
    def is_worse(self) -> bool:
        """Whether `one` is significantly worse."""
        return bool(self.significant) and self.difference.value < 0


def rank_families(board: Board, task: str) -> dict[str, Point]:
    """The best system of each family on the main quality of a task, the best family first."""
    quality = main_axis(board, task)
    found = [
        point
        for point in board.mains(task)
        if quality and point.trials and not point.yardstick and quality.read(point).defined
    ]
    found.sort(key=lambda point: -quality.read(point).value if quality else 0.0)
    best: dict[str, Point] = {}
    for point in found:
        best.setdefault(point.family, point)
    return best


def find_duel(board: Board, task: str) -> Duel | None:
    """The best diffusion system against the best autoregressive one; None where one is missing."""
    best = rank_families(board, task)
    one, other = (
        next((p for family, p in best.items() if family in families), None)
        for families in (DIFFUSION, AUTOREGRESSIVE)
    )
    if one is None or other is None:
        return None
    return compare(board, task, one.system, other.system)


def compare(board: Board, task: str, one: str, other: str) -> Duel | None:
    """Two systems by their main settings; None where the quality of one was not measured."""
    quality, first, second = main_axis(board, task), board.main(task, one), board.main(task, other)
    if quality is None or first is None or second is None:
        return None
    values = quality.read(first), quality.read(second)
    if not all(value.defined for value in values):
        return None
    pair = task_verdicts(board, task).pair(column_of(quality), one, other)
    if pair is None:
        gap = Interval(value=values[0].value - values[1].value)
        return Duel(quality, first, second, gap, None)
    gap = pair.difference if pair.first == one else negate(pair.difference)
    return Duel(quality, first, second, gap, pair.significant)


def negate(found: Interval) -> Interval:
    """The interval of the difference the other way round."""
    return Interval(value=-found.value, low=-found.high, high=-found.low)


def average(board: Board, tasks: Sequence[str]) -> dict[str, float]:
    """Mean over tasks of the main quality of every model that has one on all of them."""
    found: dict[str, float] = {}
    for system in board.models:
        values = [
            axis.read(point).value if axis and point and point.trials else math.nan
            for axis, point in ((main_axis(board, t), board.main(t, system)) for t in tasks)
        ]
        if values and all(map(math.isfinite, values)):
            found[system] = math.fsum(values) / len(values)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def comparable_tasks(board: Board) -> tuple[str, ...]:
    """The tasks whose main quality has a range of 1, so that differences can be averaged."""

    def width(task: str) -> float:
        axis = main_axis(board, task)
        low, high = axis.bounds(board, task) if axis else (0.0, 0.0)
        return high - low

    return tuple(task for task in board.records.tasks if abs(width(task) - 1) < 1e-9)


def mean_difference(board: Board, tasks: Sequence[str], one: str, other: str) -> Interval:
    """The mean over tasks of the difference of two systems that have a quality on all of them.

    Without an interval where some task kept no values per source.
    """
    gaps, moves, drawn, seeds, recipe = [], [], [], [], IntervalRecipe()
    for number, task in enumerate(tasks):
        duel = compare(board, task, one, other)
        assert duel is not None  # both have a quality there
        gaps.append(duel.difference.value)
        name = (duel.quality.metric, duel.quality.statistic)
        found = [seed_parts(board.records, p.trials, [name]) for p in (duel.one, duel.other)]
        if any(name not in parts for _, parts in found) or found[0][0] != found[1][0]:
            continue
        recipe = find_recipe(duel.one.trials)
        parts = {system: of[name] for system, (_, of) in zip((one, other), found, strict=True)}
        # Other sources: they must not be drawn alike in every task.
        resampled = resample(
            parts, {system: system for system in parts},
            resamples=recipe.resamples, seed=recipe.seed + number,
        )  # fmt: skip
        rows = resampled.scores[one] - resampled.scores[other]
        first = 1 + len(resampled.seeds)
        moves += (rows[1:first] - rows[0]).tolist()
        seeds += [f"{system} on {task}" for system in resampled.seeds]
        drawn.append(rows[first:] - rows[0])
    mean = math.fsum(gaps) / len(gaps)
    if len(drawn) < len(tasks):
        return Interval(value=mean)
    values = mean + np.concatenate([[0.0], np.array(moves) / len(tasks), np.mean(drawn, axis=0)])
    return interval(values, seeds=seeds, level=recipe.level, bounds=(-1.0, 1.0))


@dataclass(frozen=True)
class Price:
    """What `one` of a duel has to spend, by settings that were chosen on the valid split.

    `reach` is its cheapest setting that is as good there as `other`, `within` its best one that
    takes no longer than `other`; None where it has none.
    """

    reach: Point | None
    within: Point | None


def price(board: Board, duel: Duel) -> Price | None:
    """The prices of a duel; None where the records have no valid part to choose settings on."""
    quality, task, system = duel.quality, duel.one.task, duel.one.system
    bar, budget = quality.read_valid(duel.other), duel.other.valid_cost(SECONDS)
    settings = [
        point
        for point in settings_by_cost(board, task, system)
        if math.isfinite(quality.read_valid(point)) and point.valid_cost(SECONDS) > 0
    ]
    if not settings or not math.isfinite(bar) or not budget > 0:
        return None
    good = [point for point in settings if quality.read_valid(point) >= bar]
    fast = [point for point in settings if point.valid_cost(SECONDS) <= budget]
    return Price(
        min(good, key=lambda p: p.valid_cost(SECONDS), default=None),
        max(fast, key=quality.read_valid, default=None),
    )
