"""Who is best when every model may spend as many network rows, by a paired test.

Each model has as many draws as the common budget buys; of them minimum Bayes risk chooses. Models
answer the same sources, so the choices are compared source by source: approximate randomisation,
Holm's correction over the comparisons of the sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.report.points import Point
from benchmark.report.records import ExampleValues, MetricScore, Records
from benchmark.report.scaling import affordable, common_budget, mbr_curve
from benchmark.report.significance import LEVEL
from benchmark.statistics import approximate_randomisation, holm, mean_of

BySource = dict[str, float]

RESAMPLES = 2000


def equal_cost_sentence(
    records: Records, points: Sequence[Point], name: str, metric: MetricScore, utility: str
) -> str:
    """Who is best within `common_budget`, and from whom the test tells it apart.

    Empty with fewer than two models whose choices can be compared.
    """
    budget = common_budget(points)
    sizes: dict[Point, int] = {}
    for point in points:
        size = affordable(point, mbr_curve(point, name, utility), budget)
        if size is not None:
            sizes[point] = size
    sign = 1.0 if metric.direction == "higher" else -1.0
    ranked = sorted(
        sizes, key=lambda p: (-sign * mbr_curve(p, name, utility)[sizes[p]].value, p.system)
    )
    values = {p: chosen_values(records, p, name, utility, sizes[p]) for p in ranked}
    if len(ranked) < 2 or not all(values.values()):
        return ""
    best, *others = ranked
    told = _told_apart(values[best], [values[p] for p in others])
    worse = [p.system for p, apart in zip(others, told, strict=True) if apart]
    equals = [p.system for p, apart in zip(others, told, strict=True) if not apart]
    value = mbr_curve(best, name, utility)[sizes[best]].value
    said = (
        f"At {budget:.3g} network rows a source, by {utility}: {best.system} is best ({value:.3f}"
    )
    said += f", choosing among {sizes[best]})." if sizes[best] > 1 else ", one draw)."
    said += f" Told apart from it: {', '.join(worse) or 'none'}."
    said += f" Not told apart: {', '.join(equals)}." if equals else ""
    return (
        f"{said} Paired approximate randomisation over the sources ({RESAMPLES:,} resamples,"
        f" two-sided, {LEVEL:g}), Holm's correction."
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
