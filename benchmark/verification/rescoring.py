"""Scores without a model: statistics and intervals from the kept values, values from the texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics import Metric
from benchmark.metrics.text import TokenMetric
from benchmark.records.schema import ExampleValues, MetricScore, Score
from benchmark.records.value_tables import tabulate
from benchmark.report.data.seed_pooling import additive, recipe_of
from benchmark.scoring.bootstrap import AdditiveScore, IntervalRecipe, bootstrap
from benchmark.verification.findings import Difference
from benchmark.verification.raw_records import RawRecord, Row

ROUNDING = 1e-9
"""Relative to the larger of 1 and the value: records keep ten decimals."""

ENCODED_GAP = 1e-5
"""By which values of networks, whose sums depend on the batch, may move."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """The result of rescoring."""

    difference: Difference | None
    """The first."""
    compared: int
    """How many figures were recomputed."""
    notes: Sequence[str] = ()
    """What could not be compared."""
    bounded: Sequence[str] = ()
    """What agrees within `ENCODED_GAP` only."""


def recompute_statistics(record: RawRecord) -> Rescored:
    """Recompute the statistics and intervals of a score record from the kept values.

    Raises:
        UserError: if the values are missing or broken.
    """
    score = record.line["score"]
    table = tabulate(ExampleValues.model_validate(row) for row in record.values)
    known: dict[tuple[str, str], AdditiveScore] = {}
    notes: list[str] = []
    for metric, entry in score["metrics"].items():
        model = MetricScore.model_validate(entry)
        for statistic, stored in entry["statistics"].items():
            found = additive(table, metric, model, statistic)
            if found is not None:
                known[metric, statistic] = found
            elif stored["value"] is not None:
                notes.append(f"{metric} {statistic} does not follow from the kept values")
    if not known:
        return Rescored(None, 0, notes)
    recipe = recipe_of(Score.model_validate(score))
    estimates = bootstrap(list(known.values()), recipe)
    for (metric, statistic), estimate in zip(known, estimates, strict=True):
        stored = score["metrics"][metric]["statistics"][statistic]
        for name in ("value", "low", "high"):
            recomputed = getattr(estimate, name)
            recorded = math.nan if stored[name] is None else stored[name]
            if _relative_gaps(recorded, recomputed).max() > ROUNDING:
                where = f"{metric} {statistic} {name}, recomputed from the kept values"
                fresh = recomputed if math.isfinite(recomputed) else None
                return Rescored(Difference("score", where, stored[name], fresh), 1)
    return Rescored(None, len(known), notes)


def recompute_values(record: RawRecord, metrics: Sequence[Metric], mbr_utility: str) -> Rescored:
    """Score the kept texts again and compare with the kept values of the same sources.

    Values of a source that depend on the other sources cannot be recomputed from some of them;
    scoring half of the texts too shows which these are.

    Raises:
        UserError: if texts or values are missing or broken, or a metric cannot score here.
    """
    kept = {row["id"]: row for row in record.values}
    comparable = [metric for metric in metrics if _is_measured(record, metric)]
    notes = [f"{m.id} is a different metric now" for m in metrics if m not in comparable]
    if not comparable:
        return Rescored(None, 0, notes)
    rows = _scored(record.samples, comparable, mbr_utility)
    pooled: set[str] = set()
    if len(rows) < len(kept):
        some = _scored(record.samples[: (len(rows) + 1) // 2], comparable, mbr_utility)
        pooled = {
            metric.id
            for metric in comparable
            if any(
                largest_gap(rows[source], row, metric.id) > ENCODED_GAP
                for source, row in some.items()
            )
        }
    notes += [f"{name} pools the sources, of which some are kept" for name in sorted(pooled)]
    names = [metric.id for metric in comparable if metric.id not in pooled]
    nearly: dict[str, float] = {}
    for source, row in rows.items():
        before = kept.get(source, {"mbr_index": None, "metrics": {}})
        if before["mbr_index"] != row["mbr_index"]:
            where = f"{source}, index that MBR chose"
            found = Difference("values", where, before["mbr_index"], row["mbr_index"])
            return Rescored(found, 1, notes)
        for name in names:
            gap = largest_gap(before, row, name)
            if gap > ENCODED_GAP:
                stored, fresh = (of["metrics"].get(name) for of in (before, row))
                where = f"{source}, {name} of the kept texts"
                return Rescored(Difference("values", where, stored, fresh), 1, notes)
            if gap > ROUNDING:
                nearly[name] = max(gap, nearly.get(name, 0.0))
    bounded = [f"{name} moved by {by:.1e} (bound {ENCODED_GAP})" for name, by in nearly.items()]
    return Rescored(None, len(rows) * len(names), notes, bounded)


def _is_measured(record: RawRecord, metric: Metric) -> bool:
    """Whether the record's signature is the metric's, but for what the data added to it."""
    stored = record.metrics.get(metric.id, {}).get("signature", "")
    return set(metric.signature.split("|")) <= set(stored.split("|"))


def _scored(samples: Sequence[Row], metrics: Sequence[Metric], mbr_utility: str) -> dict[str, Row]:
    from benchmark.scoring.candidate_scores import score_candidates

    recipe = IntervalRecipe(resamples=1)
    counted: TokenMetric | None = next((m for m in metrics if isinstance(m, TokenMetric)), None)
    _, values = score_candidates(
        samples,
        metrics,
        mbr_utility=mbr_utility,
        interval=recipe,
        script=counted.script if counted else None,
        unit=counted.task_unit if counted else None,
    )
    return {row["id"]: row for row in values}


def largest_gap(stored: Row, fresh: Row, metric: str) -> float:
    """The largest difference of a source's values, relative to the larger of 1 and the value."""
    if metric not in stored["metrics"]:
        return math.inf
    # Undefined values, which are None, become NaN.
    one, other = (np.array(row["metrics"][metric], dtype=float) for row in (stored, fresh))
    if one.shape != other.shape:
        return math.inf
    return float(_relative_gaps(one, other).max(initial=0.0))


def _relative_gaps(stored: ArrayLike, recomputed: ArrayLike) -> NDArray[np.float64]:
    """Infinite where one of the two is undefined, 0 where both are."""
    one, other = np.asarray(stored), np.asarray(recomputed)
    with np.errstate(invalid="ignore"):
        gaps = np.abs(one - other) / np.maximum(1.0, np.abs(one))
    unequal = np.isfinite(one) != np.isfinite(other)
    return np.where(np.isfinite(gaps), gaps, np.where(unequal, np.inf, 0.0))
