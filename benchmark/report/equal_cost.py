"""Who is best when every model may spend as many network rows, by a paired test.

Each model has as many draws as the common budget buys; of them minimum Bayes risk chooses. Models
answer the same sources, so the choices are compared source by source: approximate randomisation,
Holm's correction over the comparisons of the sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.report.points import Board, Point
from benchmark.report.records import ExampleValues, Records
from benchmark.report.scaling import (
    affordable,
    common_budget,
    curved_metrics,
    mbr_curve,
    scaled,
)
from benchmark.report.significance import LEVEL
from benchmark.statistics import approximate_randomisation, holm, mean_of

BySource = dict[str, float]

RESAMPLES = 2000

TEST = (
    "Told apart here means: paired approximate randomisation over the sources"
    f" ({RESAMPLES:,} resamples, two-sided, {LEVEL:g}), Holm's correction over the comparisons"
    " with the best."
)


def equal_cost_sentence(board: Board, task: str, metric: str, utility: str) -> str:
    """Who is best within `common_budget`, and from whom the test tells it apart.

    Empty with fewer than two models whose choices can be compared.
    """
    points, entry = scaled(board, task), curved_metrics(board.records, task).get(metric)
    if entry is None or entry.direction == "none":
        return ""
    budget = common_budget(points)
    bought = {}
    for point in points:
        curve = mbr_curve(point, metric, utility)
        size = affordable(point, curve, budget)
        if size is not None:
            bought[point] = (size, curve[size].value)
    sign = 1.0 if entry.direction == "higher" else -1.0
    ranked = sorted(bought, key=lambda p: (-sign * bought[p][1], p.system))
    values = [chosen_values(board.records, p, metric, utility, bought[p][0]) for p in ranked]
    if len(ranked) < 2 or not all(values):
        return ""
    told = _told_apart(values[0], values[1:])
    worse = [p.system for p, apart in zip(ranked[1:], told, strict=True) if apart]
    equals = [p.system for p, apart in zip(ranked[1:], told, strict=True) if not apart]
    size, value = bought[ranked[0]]
    draws = f"choosing among {size} by {utility}" if size > 1 else "one draw"
    return (
        f"At equal cost ({budget:.3g} network rows a source) {ranked[0].system} is best on"
        f" {entry.title}: {value:.3f}, {draws}. Told apart from it: {', '.join(worse) or 'none'}."
        + (f" Not told apart: {', '.join(equals)}." if equals else "")
    )


def chosen_values(records: Records, point: Point, metric: str, utility: str, size: int) -> BySource:
    """By source the value of what is chosen among `size` candidates, mean over windows and seeds.

    Empty where a seed has not kept it.
    """
    seeds = [_of_seed(records.values(key), metric, utility, size) for key in point.keys("score")]
    common = [name for name in (seeds[0] if seeds else {}) if all(name in seed for seed in seeds)]
    return {name: float(np.mean([seed[name] for seed in seeds])) for name in common}


def _of_seed(rows: Mapping[str, ExampleValues], metric: str, utility: str, size: int) -> BySource:
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


def _told_apart(best: BySource, others: Sequence[BySource]) -> list[bool]:
    """Whether each differs from the best at `LEVEL` after correction."""
    p_values = []
    for other in others:
        shared = [name for name in best if name in other]
        pair = (mean_of(np.array([of[name] for name in shared])) for of in (best, other))
        # The same seed for every pair: a sentence must not change with the order of systems.
        rng = np.random.default_rng(0)
        p_values.append(
            approximate_randomisation(*pair, resamples=RESAMPLES, rng=rng) if shared else 1.0
        )
    return [p <= LEVEL for p in holm(p_values)]
