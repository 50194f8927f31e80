"""Who is better, by a paired test: the sentence under a table needs more than two intervals.

Systems answer the same sources, so they are compared source by source: approximate
randomisation of the per-source values (mean over candidates and seeds), Holm's correction over
all comparisons of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.report.points import COPY, Board, Point
from benchmark.report.records import Interval, Records
from benchmark.report.seeds import per_source
from benchmark.statistics import approximate_randomisation, holm, mean_of

FloatArray = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """The systems of a task on one metric.

    `best` is the model with the best mean; `equals` are the models that the test cannot tell
    from it, `worse` the others. `beat_copy` are the models that are better than copying the
    source, `below_copy` those that are not.
    """

    metric: str
    best: str
    value: Interval
    equals: tuple[tuple[str, Interval], ...]
    worse: tuple[tuple[str, Interval], ...]
    copy: Interval | None
    beat_copy: tuple[str, ...]
    below_copy: tuple[str, ...]


def compare(board: Board, task: str, metric: str, statistic: str = "expected") -> Comparison | None:
    """Compare the main settings of a task; None where no model has the metric."""
    entry = board.metrics(task).get(metric)
    if entry is None or entry.direction == "none":
        return None
    sign = 1.0 if entry.direction == "higher" else -1.0
    mains = [p for p in board.mains(task) if p.cells and p.measure(metric, statistic).defined]
    models = sorted(
        (p for p in mains if not p.yardstick),
        key=lambda p: (-sign * p.measure(metric, statistic).value, p.system),
    )
    if not models:
        return None
    copy = next((p for p in mains if p.system == COPY), None)
    values = {
        p.system: _values(board.records, p, metric)
        for p in (*models, *([copy] if copy is not None else []))
    }
    best, *others = models
    told = _differ([(values[best.system], values[p.system]) for p in others])
    over = [sign * p.measure(metric, statistic).value for p in models]
    beats: tuple[str, ...] = ()
    if copy is not None:
        mark = sign * copy.measure(metric, statistic).value
        differ = _differ([(values[p.system], values[copy.system]) for p in models])
        beats = tuple(
            p.system
            for p, value, different in zip(models, over, differ, strict=True)
            if different and value > mark
        )

    def named(points: Sequence[Point]) -> tuple[tuple[str, Interval], ...]:
        return tuple((p.system, p.measure(metric, statistic)) for p in points)

    return Comparison(
        metric=metric,
        best=best.system,
        value=best.measure(metric, statistic),
        equals=named([p for p, different in zip(others, told, strict=True) if not different]),
        worse=named([p for p, different in zip(others, told, strict=True) if different]),
        copy=copy.measure(metric, statistic) if copy is not None else None,
        beat_copy=beats,
        below_copy=tuple(p.system for p in models if copy is not None and p.system not in beats),
    )


def _values(records: Records, point: Point, metric: str) -> FloatArray | None:
    """Per-source values, averaged over the seeds; None where they were not kept."""
    found = [per_source(records.values(key), metric) for key in point.keys("score")]
    arrays = [values for values in found if values is not None]
    if not arrays or len({len(values) for values in arrays}) != 1:
        return None
    mean: FloatArray = np.mean(arrays, axis=0)
    return mean


def _differ(pairs: Sequence[tuple[FloatArray | None, FloatArray | None]]) -> list[bool]:
    """Whether each pair differs at `LEVEL` after correction; without values nothing is claimed."""
    p_values = []
    for first, second in pairs:
        if first is None or second is None or len(first) != len(second):
            p_values.append(1.0)
            continue
        # The same seed for every pair: a sentence must not change with the order of systems.
        rng = np.random.default_rng(0)
        p_values.append(
            approximate_randomisation(mean_of(first), mean_of(second), resamples=RESAMPLES, rng=rng)
        )
    return [p <= LEVEL for p in holm(p_values)]
