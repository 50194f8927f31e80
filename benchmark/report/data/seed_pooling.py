"""One value and one interval from several seeds.

Where the per-example values allow it, `benchmark.scoring.bootstrap` makes the interval. A corpus
score is a function of summed statistics that only its metric knows; this package's own is known
here, others fall back on an interval that adds the spread over seeds to the widest of their
intervals, which is cautious.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.records.reader import Records
from benchmark.records.schema import Interval, MetricScore, Score, TrialRecord, base
from benchmark.records.value_tables import ValueTable
from benchmark.scoring.bootstrap import (
    AdditiveScore,
    Bounds,
    IntervalRecipe,
    Parts,
    clipped,
    resample,
    widen,
)
from benchmark.scoring.candidate_statistics import additive_statistic, best

FloatArray = NDArray[np.float64]

SHARES = frozenset(
    {"validity", "control", "sentence", "kept", "others_kept", "copy_rate", "empty_rate"}
)
"""The metrics that say yes or no of each candidate."""

Statistic = tuple[str, str]
"""A metric and `expected`, `mbr`, `oracle` or `set`."""


def pool(records: Records, trials: Sequence[TrialRecord]) -> dict[Statistic, Interval]:
    """Every statistic with its value and interval over the seeds of one setting.

    With one seed these are the stored intervals, but for shares of yes, whose stored interval is a
    bootstrap and fails near 0 and 1. Metrics that only some seeds have are pooled over those. No
    interval goes beyond the range of its metric.
    """
    scores = [trial.score for trial in trials if trial.score is not None]
    stored: dict[Statistic, list[Interval]] = {}
    ranges: dict[str, Bounds] = {}
    for score in scores:
        for metric, entry in score.metrics.items():
            ranges.setdefault(metric, entry.range)
            for statistic, found in entry.statistics.items():
                stored.setdefault((metric, statistic), []).append(found)
    if not scores:
        return {}
    several, recipe = len(scores) > 1, recipe_of(scores[0])
    computed = [name for name in stored if several or base(name[0]) in SHARES]
    parts = seed_parts(records, trials, computed)[1] if computed else {}
    # One seed needs no resamples: the ends of a share follow from the values.
    resamples = recipe.resamples if several else 0
    resampled = resample(parts, dict.fromkeys(parts, ""), resamples=resamples, seed=recipe.seed)
    pooled = {}
    for name, intervals in stored.items():
        bounds = ranges[name[0]]
        if name in parts:
            pooled[name] = resampled.interval(name, level=recipe.level, bounds=bounds)
        elif several:
            pooled[name] = pool_cautiously(intervals, bounds, recipe.level)
        else:
            pooled[name] = clipped(intervals[0], bounds)
    return pooled


def find_recipe(trials: Iterable[TrialRecord]) -> IntervalRecipe:
    """How the intervals of a setting were made, which its seeds share."""
    scores = (trial.score for trial in trials if trial.score is not None)
    return next(map(recipe_of, scores), IntervalRecipe())


def recipe_of(score: Score) -> IntervalRecipe:
    """How the intervals of a record were made; what it does not say is as the suites have it."""
    known = {"resamples": score.interval.resamples, "seed": score.interval.seed}
    given = {name: value for name, value in known.items() if value is not None}
    return IntervalRecipe(level=score.interval.level, **given)


def seed_parts(
    records: Records, trials: Sequence[TrialRecord], names: Iterable[Statistic]
) -> tuple[tuple[str, ...], dict[Statistic, Parts]]:
    """The sources of one setting, and what they contribute to its statistics, by seed.

    A statistic is left out where the values of a seed that has it are not enough; nothing is
    known where the seeds answered other sources.
    """
    scored = [(c.seed, c.score, c.keys.score) for c in trials if c.score is not None]
    tables = {seed: records.value_table(key) for seed, _, key in scored if key is not None}
    sources = {table.sources for table in tables.values()}
    if len(sources) != 1 or len(tables) != len(scored):
        return (), {}
    found: dict[Statistic, Parts] = {}
    for metric, statistic in names:
        measured = {
            seed: score.metrics[metric]
            for seed, score, _ in scored
            if metric in score.metrics and statistic in score.metrics[metric].statistics
        }
        parts = {
            seed: part
            for seed, entry in measured.items()
            if (part := additive(tables[seed], metric, entry, statistic)) is not None
        }
        if parts and len(parts) == len(measured):
            found[metric, statistic] = parts
    return sources.pop(), found


def keep_rows(of_seeds: Parts, rows: NDArray[np.bool_]) -> Parts:
    """What some of the sources contribute, by seed."""
    return {
        seed: replace(score, contributions=score.contributions[rows])
        for seed, score in of_seeds.items()
    }


def pool_cautiously(intervals: Sequence[Interval], bounds: Bounds, level: float) -> Interval:
    """The mean of the seeds; its ends those of the widest interval, widened for their spread.

    Without a value if a seed has none: the rest would be a selection.
    """
    values = [interval.value for interval in intervals]
    if not np.isfinite(values).all() or not values:
        return Interval(value=math.nan)
    mean = math.fsum(values) / len(values)
    below = max((i.value - i.low for i in intervals if i.bounded), default=math.nan)
    above = max((i.high - i.value for i in intervals if i.bounded), default=math.nan)
    several = len(values) > 1
    over_seeds = [(float(np.var(values, ddof=1)) / len(values), len(values) - 1)] if several else []
    low, high = widen((mean - below, mean + above), mean, over_seeds, level)
    return clipped(Interval(value=mean, low=low, high=high), bounds)


def additive(
    table: ValueTable, metric: str, entry: MetricScore, statistic: str
) -> AdditiveScore | None:
    """A statistic of one seed as what every source adds; None where the values are not enough.

    Args:
        table: the values of one trial.
        metric: id of the metric.
        entry: what the metric is.
        statistic: `expected`, `mbr`, `oracle` or `set`.
    """
    values = table.metrics.get(metric)
    if values is None:
        return None
    if entry.level == "set":
        return additive_statistic("set", values, None) if values.ndim == 1 else None
    if entry.level == "candidate" and values.ndim == 2:
        picked = (
            best(values, entry.direction)
            if statistic == "oracle"
            else _read_choices(table, values.shape[1])
        )
        found = additive_statistic(statistic, values, picked)
        if found is None or base(metric) not in SHARES:
            return found
        return replace(found, draws=values.shape[1] if statistic == "expected" else 1)
    total = _find_total(metric, values)
    if total is None or statistic == "oracle":
        return None
    return additive_statistic(statistic, values, _read_choices(table, values.shape[1]), total)


def _read_choices(table: ValueTable, num_candidates: int) -> NDArray[np.int64] | None:
    """The candidate of each source that minimum Bayes risk chose; None if one is none of them."""
    chosen = table.choices
    return chosen if bool(((chosen >= 0) & (chosen < num_candidates)).all()) else None


def _find_total(metric: str, values: FloatArray) -> Callable[[FloatArray], FloatArray] | None:
    if base(metric) != "bleu_corpus":
        return None
    from benchmark.metrics.bleu_corpus import STATISTICS, bleu_from_statistics

    fits = values.ndim == 3 and values.shape[2] == STATISTICS
    return bleu_from_statistics if fits else None
