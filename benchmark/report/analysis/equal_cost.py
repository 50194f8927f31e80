"""What each model scores when all may spend equally many network rows.

Each model gets as many draws as the common budget buys, and minimum Bayes risk chooses among them.
Models answer the same sources, so the choices are compared source by source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmark.records.reader import Records
from benchmark.records.schema import ExampleValues, Interval
from benchmark.report.analysis.mbr_scaling import (
    affordable,
    common_budget,
    curved_metrics,
    curved_points,
    mbr_curve,
    valid_rows,
)
from benchmark.report.data.points import Board, Point
from benchmark.scoring.bootstrap import Parts, mean_of

BySource = dict[str, float]

DECIMALS = 6
"""As in the curves, so that a value that is in both is rounded from the same number."""


@dataclass(frozen=True)
class EqualCost:
    """The choices of the models within the budget, over the sources that all of them answer."""

    title: str
    budget: float
    sources: int
    sizes: Mapping[str, int]
    """Among how many candidates a model chooses."""
    parts: Mapping[str, Parts]

    def value(self, system: str) -> Interval:
        """The mean over sources and seeds."""
        means = [part.value for part in self.parts[system].values()]
        return Interval(value=round(math.fsum(means) / len(means), DECIMALS))


def equal_cost_column(metric: str, utility: str) -> str:
    """The id of a column of choices by a utility."""
    return f"{metric}.equal-cost.{utility}"


@lru_cache(maxsize=64)
def choose_at_equal_cost(board: Board, task: str, metric: str, utility: str) -> EqualCost | None:
    """The choices by a utility within `common_budget`, where more is better.

    None with fewer than two models whose choices can be compared, or where no cost was measured
    on the valid split: a budget must not be chosen on the sources that are scored.
    """
    points, entry = curved_points(board, task), curved_metrics(board.records, task).get(metric)
    if entry is None or entry.direction != "higher":
        return None
    budget = common_budget(board, points)
    sizes: dict[str, int] = {}
    chosen: dict[str, dict[int, BySource]] = {}
    for point in points:
        size = affordable(board, point, mbr_curve(point, metric, utility), budget)
        if size:
            if not math.isfinite(valid_rows(board, point)):
                return None
            sizes[point.system] = size
            chosen[point.system] = chosen_values(board.records, point, metric, utility, size)
    sources = _find_common([of_seed for seeds in chosen.values() for of_seed in seeds.values()])
    if len(chosen) < 2 or not all(chosen.values()) or not sources:
        return None
    parts = {
        system: {
            seed: mean_of(np.array([values[name] for name in sources]))
            for seed, values in seeds.items()
        }
        for system, seeds in chosen.items()
    }
    return EqualCost(entry.title, budget, len(sources), sizes, parts)


def chosen_values(
    records: Records, point: Point, metric: str, utility: str, size: int
) -> dict[int, BySource]:
    """By seed and source the value of what is chosen among `size` candidates, mean over windows.

    Empty where a seed has not kept it.
    """
    found = {
        trial.seed: _read_seed(records.values(trial.keys.score), metric, utility, size)
        for trial in point.trials
        if trial.keys.score is not None
    }
    return found if all(found.values()) else {}


def _read_seed(rows: Mapping[str, ExampleValues], metric: str, utility: str, size: int) -> BySource:
    found = {}
    for name, row in rows.items():
        counts, values = row.mbr_counts.get(utility, []), row.metrics.get(metric)
        if len(counts) < size or not isinstance(values, list) or len(values) != len(counts):
            return {}
        chosen = [(n, value) for n, value in zip(counts[size - 1], values, strict=True) if n]
        if not all(isinstance(value, int | float) for _, value in chosen):
            return {}
        found[name] = math.fsum(n * value for n, value in chosen) / len(counts)
    return found


def _find_common(found: list[BySource]) -> list[str]:
    """The sources that all have, in the order of the first."""
    return [name for name in (found[0] if found else {}) if all(name in of for of in found)]
