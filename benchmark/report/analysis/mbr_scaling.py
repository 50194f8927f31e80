"""Quality over the number of candidates among which minimum Bayes risk chooses, at equal cost.

A system whose candidates are independent draws has a quality for every number of them. One with
a single answer has one, however many are requested, and a ranked list has one as a whole: fewer of
its entries are not what a shorter search would have found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import pandas as pd

from benchmark.records.reader import Records
from benchmark.records.schema import CurveRecord, Interval, MetricScore
from benchmark.report.data.csv_cells import write_frame
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import find_recipe, pool_cautiously

BySize = Mapping[int, Interval]
"""Number of candidates to the quality of the one that is chosen."""


INFLATED = "Choosing by a metric inflates that metric: judge the choice by the other metrics."


@lru_cache(maxsize=64)
def curved_points(board: Board, task: str) -> tuple[Point, ...]:
    """The point of every system that has curves: of role `mbr`, else the main one."""
    found = []
    for system in board.systems:
        points = (*board.of(task, system, "mbr"), *board.of(task, system, "main"))
        found += [p for p in points if any(map(_has_curve, _scores_of(p)))][:1]
    return tuple(found)


def curved_metrics(records: Records, task: str) -> dict[str, MetricScore]:
    """The metrics of a task that have curves, in the order of the records."""
    found: dict[str, MetricScore] = {}
    for trial in records.trial_records:
        if trial.task == task and trial.score is not None:
            for name, entry in trial.score.metrics.items():
                if name not in found and _has_curve(entry):
                    found[name] = entry
    return found


def utilities_of(points: Sequence[Point]) -> tuple[str, ...]:
    """The utilities of the curves; the one that chooses in the main table comes first."""
    return tuple(
        dict.fromkeys(name for p in points for entry in _scores_of(p) for name in entry.mbr_curve)
    )


# Tables and figures ask for the same curves, column by column.
@lru_cache(maxsize=4096)
def mbr_curve(point: Point, metric: str, utility: str) -> BySize:
    """The quality of what the utility chooses, by number of candidates; seeds pooled."""
    return _pool_seeds(point, metric, lambda entry: entry.mbr_curve.get(utility))


def oracle_curve(point: Point, metric: str) -> BySize:
    """The quality of the best candidate by the metric itself: what no choice can exceed."""
    return _pool_seeds(point, metric, lambda entry: entry.oracle_curve)


def describe_protocol(points: Sequence[Point]) -> str:
    """One sentence on sources, candidates and intervals behind the curves."""
    scores = [trial.score for p in points for trial in p.trials if trial.score is not None]
    sources = sorted({score.num_sources for score in scores})
    most = max(score.num_samples for score in scores)
    several = any(len(p.trials) > 1 for p in points)
    seeds = ", for several seeds the widest of theirs plus the spread over seeds" if several else ""
    return (
        f"{' or '.join(f'{n:,}' for n in sources)} sources, up to {most} candidates;"
        f" {scores[0].interval.level * 100:g} % intervals: {scores[0].interval.method}{seeds}."
    )


def rows_per_candidate(point: Point) -> float:
    """Network rows of a candidate; its network calls where rows were not counted."""
    rows = point.cost("rows")
    return rows if math.isfinite(rows) else point.cost("depth")


def valid_rows(board: Board, point: Point) -> float:
    """Network rows of a candidate on the valid split, by which budgets bind; NaN if unknown.

    A point with more candidates decodes as the main one does.
    """
    main = board.main(point.task, point.system)
    return main.valid_cost("rows") if main is not None else math.nan


def price(board: Board, point: Point) -> float:
    """What a candidate costs under a budget, in rows: on the valid split, else as measured."""
    rows = valid_rows(board, point)
    return rows if math.isfinite(rows) else rows_per_candidate(point)


def common_budget(board: Board, points: Sequence[Point]) -> float:
    """The fewest network rows per source that buy each model a draw; NaN without draws."""
    rows = [price(board, p) for p in points if p.sampled and not p.yardstick]
    return max((r for r in rows if math.isfinite(r) and r > 0), default=math.nan)


def affordable(board: Board, point: Point, curve: BySize, budget: float) -> int:
    """The most candidates of a curve that a budget of network rows per source buys; 0 if none."""
    rows = price(board, point)
    if not point.sampled or point.yardstick or not rows > 0:
        return 0
    # Rows are a mean over the sources: what rounding adds to a whole number is ignored.
    return max((size for size in curve if size * rows <= budget * (1 + 1e-9)), default=0)


def curves_csv(board: Board, task: str) -> str:
    """All curves of a task in long form, one row per value; empty where there are none."""
    points, metrics = curved_points(board, task), curved_metrics(board.records, task)
    if not points:
        return ""
    rows = [
        (task, p.system, p.kind, metric, statistic, utility, size, size * rows_per_candidate(p),
         found.value, found.low, found.high, " ".join(p.keys("score")))
        for p in points
        for metric in metrics
        for statistic, utility, curve in (
            *(("mbr", name, mbr_curve(p, metric, name)) for name in utilities_of(points)),
            ("oracle", "", oracle_curve(p, metric)),
        )
        for size, found in curve.items()
    ]  # fmt: skip
    heads = (
        "task", "system", "kind", "metric", "statistic", "utility", "candidates", "rows",
        "value", "low", "high", "score_keys",
    )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(heads))
    return write_frame(frame)


def _scores_of(point: Point, metric: str | None = None) -> list[MetricScore]:
    scores = [trial.score.metrics for trial in point.trials if trial.score]
    if metric is None:
        return [entry for of_metrics in scores for entry in of_metrics.values()]
    return [of_metrics[metric] for of_metrics in scores if metric in of_metrics]


def _has_curve(entry: MetricScore) -> bool:
    return bool(entry.mbr_curve)


def _pool_seeds(
    point: Point, metric: str, curve_of: Callable[[MetricScore], CurveRecord | None]
) -> BySize:
    entries = _scores_of(point, metric)
    known = [curve for entry in entries if (curve := curve_of(entry)) is not None]
    if not known:
        return {}
    most = min(len(curve.value) for curve in known)
    sizes = range(1, most + 1) if point.sampled else [most]
    bounds, level = entries[0].range, find_recipe(point.trials).level
    by_size = {n: pool_cautiously([_at(curve, n) for curve in known], bounds, level) for n in sizes}
    return {n: interval for n, interval in by_size.items() if interval.defined}


def _at(curve: CurveRecord, size: int) -> Interval:
    return Interval(value=curve.value[size - 1], low=curve.low[size - 1], high=curve.high[size - 1])
