"""Which model is best when all may spend equally many network rows, by the main table's tests.

Each model gets as many draws as the common budget buys, and minimum Bayes risk chooses among them.
Models answer the same sources, so the choices are compared source by source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.records.reader import Records
from benchmark.records.schema import ExampleValues
from benchmark.report.analysis.mbr_scaling import (
    affordable,
    common_budget,
    curved_metrics,
    curved_points,
    mbr_curve,
)
from benchmark.report.analysis.significance import LEVEL, compare_all, randomise, resamples_for
from benchmark.report.data.points import Board, Point
from benchmark.scoring.bootstrap import Parts, mean_of, resample

BySource = dict[str, float]

DECIMALS = 6
"""As in the curves, so that a value that is in both is rounded from the same number."""

TEST = (
    "Significantly different here means: by approximate randomisation over the sources and by the"
    " paired bootstrap over the sources, with Student's t over the seeds, both two-sided at"
    f" {LEVEL:g} after Holm's correction over all pairs of models in the sentence."
)


def describe_equal_cost(board: Board, task: str, metric: str, utility: str) -> str:
    """Which model is best within `common_budget`, and which ones are significantly worse.

    Means are over the sources that all of them answer. Empty with fewer than two models whose
    choices can be compared.
    """
    points, entry = curved_points(board, task), curved_metrics(board.records, task).get(metric)
    if entry is None or entry.direction == "none":
        return ""
    budget = common_budget(points)
    sizes: dict[str, int] = {}
    chosen: dict[str, dict[int, BySource]] = {}
    for point in points:
        size = affordable(point, mbr_curve(point, metric, utility), budget)
        if size:
            sizes[point.system] = size
            chosen[point.system] = chosen_values(board.records, point, metric, utility, size)
    sources = _find_common([of_seed for seeds in chosen.values() for of_seed in seeds.values()])
    if len(chosen) < 2 or not all(chosen.values()) or not sources:
        return ""
    parts = {
        system: {
            seed: mean_of(np.array([values[name] for name in sources]))
            for seed, values in seeds.items()
        }
        for system, seeds in chosen.items()
    }
    means, beaten = _compare(parts, 1.0 if entry.direction == "higher" else -1.0)
    best, *others = means
    worse, equals = [s for s in others if s in beaten], [s for s in others if s not in beaten]
    draws = f"choosing among {sizes[best]}" if sizes[best] > 1 else "one draw"
    return (
        f"At equal cost ({budget:.3g} network rows per source, {len(sources)} sources) {best}"
        f" {'has the highest mean' if equals else 'is best'} on {entry.title}:"
        f" {means[best]:.3f}, {draws} (choices by {utility})."
        f" Significantly worse: {', '.join(worse) or 'none'}."
        + (f" Not significantly different: {', '.join(equals)}." if equals else "")
    )


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


def _compare(parts: Mapping[str, Parts], sign: float) -> tuple[dict[str, float], tuple[str, ...]]:
    """The means by system, best first; and those that the first is significantly better than."""
    resamples = resamples_for(len(parts), 1)
    resampled = resample(parts, {system: system for system in parts}, resamples=resamples)
    p_values = randomise(parts, resamples=resamples)
    column = "chosen"
    verdicts = compare_all(
        {column: {system: sign * values for system, values in resampled.scores.items()}},
        {(column, *pair): p for pair, p in p_values.items()},
        seeds=resampled.seeds,
    )
    means = {s: round(float(values[0]), DECIMALS) for s, values in resampled.scores.items()}
    ranked = sorted(means, key=lambda system: (-sign * means[system], system))
    return {s: means[s] for s in ranked}, verdicts.better_than(column, ranked[0])
