"""One value and one interval from several seeds.

Where the per-example values allow it, seeds and sources are resampled together
(`benchmark.scoring.bootstrap.across_seeds`). A corpus score is a function of summed statistics that
only its metric knows; this package's own is known here, others fall back on an interval that
adds the spread over seeds to the widest of their intervals, which is cautious.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.records.reader import Records
from benchmark.records.schema import Cell, ExampleValues, Interval, MetricScore, Score, base
from benchmark.scoring.bootstrap import AdditiveScore, across_seeds, mean_of

FloatArray = NDArray[np.float64]

NORMAL_97_5 = 1.959963984540054


def pool(records: Records, cells: Sequence[Cell]) -> dict[tuple[str, str], Interval]:
    """(metric, statistic) to its value and interval over the seeds of one setting.

    With one seed these are the stored intervals. Metrics that only some seeds have are
    pooled over those.
    """
    scores = [cell.score for cell in cells if cell.score is not None]
    stored: dict[tuple[str, str], list[Interval]] = {}
    for score in scores:
        for metric, entry in score.metrics.items():
            for statistic, interval in entry.statistics.items():
                stored.setdefault((metric, statistic), []).append(interval)
    if len(scores) < 2:
        return {name: intervals[0] for name, intervals in stored.items()}
    rows = [records.values(c.keys.score) for c in cells if c.score and c.keys.score is not None]
    # Crossed resampling needs every seed to have answered the same sources.
    shared = len({tuple(of_seed) for of_seed in rows}) == 1
    pooled = {}
    for (metric, statistic), intervals in stored.items():
        known = scores[0].metrics.get(metric)
        parts = None
        if shared and known is not None and len(intervals) == len(rows):
            parts = _parts(rows, metric, known, statistic)
        pooled[metric, statistic] = _pooled(parts, scores[0]) if parts else cautious(intervals)
    return pooled


def cautious(intervals: Sequence[Interval]) -> Interval:
    """The mean of the seeds; half width from the widest interval and the spread over seeds."""
    values = [i.value for i in intervals if i.defined]
    if not values:
        return Interval(value=math.nan)
    mean = math.fsum(values) / len(values)
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    below = max((i.value - i.low for i in intervals if i.bounded), default=math.nan)
    above = max((i.high - i.value for i in intervals if i.bounded), default=math.nan)
    return Interval(
        value=mean,
        low=mean - math.hypot(below, NORMAL_97_5 * spread),
        high=mean + math.hypot(above, NORMAL_97_5 * spread),
    )


def _pooled(parts: Sequence[AdditiveScore], score: Score) -> Interval:
    estimate = across_seeds(
        parts,
        level=score.interval.level,
        resamples=score.interval.resamples or 1000,
        rng=np.random.default_rng(score.interval.seed or 0),
    )
    return Interval(value=estimate.value, low=estimate.low, high=estimate.high)


def _parts(
    rows: Sequence[Mapping[str, ExampleValues]], metric: str, entry: MetricScore, statistic: str
) -> list[AdditiveScore] | None:
    """One additive score a seed, or None where the kept values do not give one."""
    parts = []
    for of_seed in rows:
        part = additive(of_seed, metric, entry, statistic)
        if part is None:
            return None
        parts.append(part)
    return parts


def additive(
    rows: Mapping[str, ExampleValues], metric: str, entry: MetricScore, statistic: str
) -> AdditiveScore | None:
    """A statistic of one seed as what every source adds to it; None where the values do not tell.

    Args:
        rows: the values of one cell by example id.
        metric: id of the metric.
        entry: what the metric is.
        statistic: `expected`, `mbr`, `oracle` or `set`.
    """
    table = _table(rows, metric)
    if table is None:
        return None
    chosen = np.array([row.mbr_index or 0 for row in rows.values()])
    return _part(table, metric, entry, statistic, chosen)


def _part(
    table: FloatArray, metric: str, entry: MetricScore, statistic: str, chosen: NDArray[np.int64]
) -> AdditiveScore | None:
    if entry.level == "set":
        return mean_of(table) if table.ndim == 1 else None
    sources = np.arange(len(table))
    if entry.level == "candidate" and table.ndim == 2:
        if statistic == "expected":
            return mean_of(table.mean(axis=1))
        if statistic == "oracle" and entry.direction != "none":
            return mean_of(table.max(axis=1) if entry.direction == "higher" else table.min(axis=1))
        return mean_of(table[sources, chosen]) if statistic == "mbr" else None
    total = _total(metric, table)
    if total is None:
        return None
    if statistic == "expected":
        size = table.shape[2]
        return AdditiveScore(table.reshape(len(table), -1), partial(_mean_total, total, size))
    return AdditiveScore(table[sources, chosen], total) if statistic == "mbr" else None


def _total(metric: str, table: FloatArray) -> Callable[[FloatArray], FloatArray] | None:
    if base(metric) != "bleu_corpus":
        return None
    from benchmark.metrics.bleu_corpus import STATISTICS, bleu_from_statistics

    fits = table.ndim == 3 and table.shape[2] == STATISTICS
    return bleu_from_statistics if fits else None


def _mean_total(
    total: Callable[[FloatArray], FloatArray], size: int, sums: FloatArray
) -> FloatArray:
    """The mean score of the corpora whose sums stand side by side in groups of `size`."""
    averaged: FloatArray = total(sums.reshape(*sums.shape[:-1], -1, size)).mean(axis=-1)
    return averaged


def _table(rows: Mapping[str, ExampleValues], metric: str) -> FloatArray | None:
    """`(S,)`, `(S, K)` or `(S, K, n)`; undefined values are NaN."""
    found: list[Any] = [row.metrics.get(metric) for row in rows.values()]
    if not any(metric in row.metrics for row in rows.values()):
        return None
    try:
        return np.array(found, dtype=np.float64)
    except (ValueError, TypeError):
        return None
