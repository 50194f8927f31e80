"""Quality and diversity where sources are short or long, near to train or not, near their answer.

Each fact of `benchmark.scoring.source_facts` splits the sources of a task into two halves, as even
as its ties allow. In each half every row has the figure and the interval that it would have on
those sources alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from benchmark.records.reader import Records
from benchmark.records.schema import UNDEFINED, Interval, SourceFacts
from benchmark.report.data.axes import Axis, main_axis, planes
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import keep_rows, recipe_of, seed_parts
from benchmark.scoring.bootstrap import Parts, resample

Fact = Literal["length", "overlap", "likeness"]

SMALLEST = 0.1
"""A fact that leaves less than this share of the sources to a half is left out."""


@dataclass(frozen=True)
class Stratum:
    """The sources on one side of a cut."""

    fact: Fact
    upper: bool
    """Whether it holds the values above the cut."""
    cut: float
    """The largest value of the lower half."""

    def __str__(self) -> str:
        return f"{'over' if self.upper else 'up to'} {self.cut:g}"

    def holds(self, facts: SourceFacts) -> bool:
        """Whether a source is on this side."""
        is_above: bool = getattr(facts, self.fact) > self.cut
        return is_above is self.upper


@dataclass(frozen=True)
class Strata:
    """The figures of a task by stratum."""

    axes: tuple[Axis, ...]
    """The main quality, and diversity where it was measured."""
    sources: Mapping[Stratum, int]
    """How many answered sources each half holds."""
    values: Mapping[tuple[Point, Axis, Stratum], Interval]

    def read(self, point: Point, axis: Axis, stratum: Stratum) -> Interval:
        """A figure of a point; undefined where there is none."""
        return self.values.get((point, axis, stratum), UNDEFINED)


def split_sources(records: Records, task: str) -> dict[Stratum, frozenset[str]]:
    """The ids of the test sources in each half; empty where the records say nothing of them."""
    facts = records.source_facts(task)
    return {
        stratum: frozenset(name for name, of in facts.items() if stratum.holds(of))
        for fact in get_args(Fact)
        for stratum in _find_halves(fact, [getattr(of, fact) for of in facts.values()])
    }


def _find_halves(fact: Fact, values: Sequence[float]) -> tuple[Stratum, ...]:
    """The two halves, as even as ties allow; none where the values are too much alike."""
    found = np.array(values)
    cuts = np.unique(found)[:-1]
    if not len(cuts):
        return ()
    below = np.array([(found <= cut).mean() for cut in cuts])
    best = int(np.abs(below - 0.5).argmin())
    if min(below[best], 1 - below[best]) < SMALLEST:
        return ()
    return tuple(Stratum(fact, upper, float(cuts[best])) for upper in (False, True))


@lru_cache(maxsize=64)
def compute_strata(board: Board, task: str) -> Strata | None:
    """The figures of the main settings; None where no fact splits the sources."""
    quality, halves = main_axis(board, task), split_sources(board.records, task)
    if quality is None or not halves:
        return None
    axes = (quality, *(plane[0] for plane in planes(board, task)[:1]))
    names = {axis: (axis.metric, axis.statistic) for axis in axes}
    ids: tuple[str, ...] = ()
    parts: dict[tuple[Point, Axis], Parts] = {}
    for point in board.mains(task):
        sources, found = seed_parts(board.records, point.trials, names.values())
        ids = ids or sources
        # Outputs from elsewhere may answer other sources.
        if sources == ids:
            parts |= {(point, axis): found[name] for axis, name in names.items() if name in found}
    counts: dict[Stratum, int] = {}
    values: dict[tuple[Point, Axis, Stratum], Interval] = {}
    for stratum, members in halves.items():
        rows = np.array([name in members for name in ids])
        if parts and rows.any():
            counts[stratum] = int(rows.sum())
            for (point, axis), interval in _measure(board, task, parts, rows).items():
                values[point, axis, stratum] = interval
    return Strata(axes, counts, values) if values else None


def _measure(
    board: Board, task: str, parts: Mapping[tuple[Point, Axis], Parts], rows: NDArray[np.bool_]
) -> dict[tuple[Point, Axis], Interval]:
    first = next(iter(parts))[0]
    recipe = recipe_of(next(trial.score for trial in first.trials if trial.score is not None))
    kept = {key: keep_rows(of_seeds, rows) for key, of_seeds in parts.items()}
    systems = {key: key[0].system for key in kept}
    drawn = resample(kept, systems, resamples=recipe.resamples, seed=recipe.seed)
    metrics = board.metrics(task)
    return {
        (point, axis): axis.show(
            drawn.interval((point, axis), level=recipe.level, bounds=metrics[axis.metric].range)
        )
        for point, axis in kept
    }
