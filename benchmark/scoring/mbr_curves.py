"""Quality over the number of candidates: the score with 1 to K candidates.

`mbr_curve` is the quality of the candidate chosen by minimum Bayes risk, one curve per utility;
`oracle_curve` that of the best candidate by the metric itself, an upper bound for every choice.
Both are means over the windows of `benchmark.metrics.mbr`; a corpus score is that of the mean
counts of all windows. At size K they are the statistics `mbr` and `oracle`, at size 1 `expected`
(of a corpus score up to the difference between the mean of scores and the score of mean counts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.metrics import Metric, Scores
from benchmark.metrics.mbr import IntArray, best_counts, mean_by_size
from benchmark.records.schema import Interval
from benchmark.scoring.bootstrap import AdditiveScore, IntervalRecipe, bootstrap, mean_of

DECIMALS = 6
"""Curves are for reading, not for further computation: their values are kept by source."""


def curves(
    metrics: Sequence[Metric],
    scored: Sequence[Scores],
    counts: Mapping[str, IntArray],
    interval: IntervalRecipe,
) -> dict[str, dict[str, Any]]:
    """The curves of every metric of single texts that has a direction.

    Args:
        metrics: the measured ones.
        scored: their results, in the same order.
        counts: `choice_counts` by utility.
        interval: how intervals are computed; all sizes share the same resamples.

    Returns:
        By metric id: `{"mbr_curve": {utility: curve}, "oracle_curve": curve}`, where a curve is
        `{"value": [...], "low": [...], "high": [...]}` with entry n - 1 for n candidates.
    """
    sizes: dict[tuple[str, str | None], list[AdditiveScore]] = {}
    for metric, scores in zip(metrics, scored, strict=True):
        if metric.level == "set" or metric.direction == "none":
            continue
        for name, chosen in counts.items():
            sizes[metric.id, name] = list(_by_size(scores, chosen))
        best = best_counts(scores.values, metric.direction)
        sizes[metric.id, None] = list(_by_size(scores, best))
    if not sizes:
        return {}
    every = [score for of_curve in sizes.values() for score in of_curve]
    estimates = iter(bootstrap(every, interval))
    found: dict[str, dict[str, Any]] = {}
    for (metric_id, utility), of_curve in sizes.items():
        curve = _curve([next(estimates) for _ in of_curve])
        entry = found.setdefault(metric_id, {"mbr_curve": {}})
        if utility is None:
            entry["oracle_curve"] = curve
        else:
            entry["mbr_curve"][utility] = curve
    return found


def _by_size(scores: Scores, counts: IntArray) -> Iterator[AdditiveScore]:
    if scores.statistics is None:
        values = mean_by_size(counts, scores.values)
        yield from (mean_of(of_size) for of_size in values.T)
        return
    assert scores.total is not None  # statistics come with the function of their sums
    statistics = mean_by_size(counts, scores.statistics)
    for size in range(counts.shape[1]):
        yield AdditiveScore(statistics[:, size], scores.total)


def _curve(estimates: Sequence[Interval]) -> dict[str, list[float | None]]:
    columns = ((e.value, e.low, e.high) for e in estimates)
    return {
        name: [None if np.isnan(number) else round(number, DECIMALS) + 0.0 for number in column]
        for name, column in zip(("value", "low", "high"), zip(*columns, strict=True), strict=True)
    }
