"""Score candidates: one function, the same for every system.

Quality is reported in three ways from the same candidates: `expected` (a candidate drawn at random:
the mean over the K), `mbr` (the candidate that the others agree with most) and `oracle` (the best
of K by the metric itself: an upper bound, not a result). Diversity has one statistic: `set`. `mbr`
and `oracle` are also given by number of candidates, see `benchmark.scoring.mbr_curves`.

The numbers in records and rows are rounded to ten decimals: sums of floats differ beyond that
with the number of threads, and a rerun must give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError, read_control
from benchmark.api.token_unit import Unit
from benchmark.metrics import Item, Metric, Scores, Script, detect_script
from benchmark.metrics.judged import JudgedMetric
from benchmark.metrics.mbr import IntArray, choice_counts, choose
from benchmark.metrics.sharing import forget
from benchmark.metrics.utility import Utility, make_utilities
from benchmark.scoring.bootstrap import METHOD, AdditiveScore, IntervalRecipe, bootstrap
from benchmark.scoring.candidate_statistics import additive_statistic, best
from benchmark.scoring.mbr_curves import curves
from benchmark.scoring.pairwise_cache import PairSource, computed

FloatArray = NDArray[np.float64]
Scored = Sequence[tuple[Metric, Scores]]

DECIMALS = 10


def score_candidates(
    rows: Sequence[Mapping[str, Any]],
    metrics: Sequence[Metric],
    *,
    mbr_utility: str,
    interval: IntervalRecipe,
    mbr_utilities: Sequence[str] = (),
    pairs: PairSource = computed,
    script: Script | None = None,
    unit: Unit | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Score the lines of a candidates file.

    Args:
        rows: `{"id", "source", "references", "candidates": [{"text", ...}]}`, one per source; all
            with the same number of candidates.
        metrics: what to measure; ids must differ.
        mbr_utility: spec of the metric by which candidates are compared with each other.
        interval: how confidence intervals are computed.
        mbr_utilities: specs of further utilities, for the curves over numbers of candidates.
        pairs: source of the pairwise scores of candidates.
        script: of the texts of the task; None = as the references of `rows` show.
        unit: what they are counted by; None = as their script asks for.

    Returns:
        The score record, and the underlying values of every source. Undefined values are None.

    Raises:
        UserError: if a row is malformed, ids repeat, or the utility cannot compare candidates.
    """
    items = parse_items(rows)
    _check_ids(metrics)
    if script is None:
        script = detect_script(text for item in items for text in item.references)
    utilities = make_utilities((mbr_utility, *mbr_utilities), script, unit)
    try:
        chosen, counts = _choices(items, utilities, pairs)
        scored = [(metric, metric.score(items)) for metric in metrics]
    finally:
        forget()
    by_size = curves(metrics, [scores for _, scores in scored], counts, interval)
    estimates = _estimate(scored, chosen, interval)
    record = {
        "metrics": {
            metric.id: {
                **_describe(metric, scores),
                "statistics": estimates[metric.id],
                **by_size.get(metric.id, {}),
            }
            for metric, scores in scored
        },
        "num_sources": len(items),
        "num_samples": len(items[0].candidates),
        "capitals": _find_capitals(items),
        "mbr_utility": utilities[0].id,
        "mbr_utilities": [utility.id for utility in utilities],
        "interval": {"method": METHOD, **asdict(interval)},
    }
    return record, _list_values(items, scored, chosen, counts)


def _find_capitals(items: Sequence[Item]) -> bool | None:
    """Whether any candidate has a capital letter; None where no reference has one."""

    def has_any(texts: Iterable[str]) -> bool:
        return any(text != text.lower() for text in texts)

    if not has_any(text for item in items for text in item.references):
        return None
    return has_any(text for item in items for text in item.candidates)


def _check_ids(metrics: Sequence[Metric]) -> None:
    ids = [metric.id for metric in metrics]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise UserError(f"Metric {twice!r} is requested twice: name it once.")


def _estimate(
    scored: Scored, chosen: IntArray, interval: IntervalRecipe
) -> dict[str, dict[str, dict[str, Any]]]:
    """By metric its statistics with their intervals, all from the same resamples."""
    named = {
        (metric.id, statistic): score
        for metric, scores in scored
        for statistic, score in _statistics(metric, scores, chosen).items()
    }
    defined = {key: score for key, score in named.items() if score is not None}
    estimates = bootstrap(list(defined.values()), interval)
    found = {
        key: {"value": plain(e.value), "low": plain(e.low), "high": plain(e.high)}
        for key, e in zip(defined, estimates, strict=True)
    }
    by_metric: dict[str, dict[str, dict[str, Any]]] = {metric.id: {} for metric, _ in scored}
    for key in named:
        name, statistic = key
        by_metric[name][statistic] = found.get(key, {"value": None, "low": None, "high": None})
    return by_metric


def _describe(metric: Metric, scores: Scores) -> dict[str, Any]:
    """What a metric is, for the record."""
    return {
        "signature": scores.signature,
        "title": metric.title,
        "level": metric.level,
        "direction": metric.direction,
        "unit": metric.unit,
        "range": [plain(metric.low), plain(metric.high)],
    }


def _list_values(
    items: Sequence[Item], scored: Scored, chosen: IntArray, counts: Mapping[str, IntArray]
) -> list[dict[str, Any]]:
    """The values of every source."""
    stored = {
        metric.id: plain(scores.values if scores.statistics is None else scores.statistics)
        for metric, scores in scored
    }
    # Elsewhere a source that looks like a control line is none.
    is_judged = any(isinstance(metric, JudgedMetric) for metric, _ in scored)
    return [
        {
            "id": item.id,
            "mbr_index": int(index),
            "mbr_counts": {name: of_utility[row].tolist() for name, of_utility in counts.items()},
            "metrics": {name: of_metric[row] for name, of_metric in stored.items()},
            **(_name_wanted(item) if is_judged else {}),
        }
        for row, (item, index) in enumerate(zip(items, chosen, strict=True))
    ]


def _name_wanted(item: Item) -> dict[str, list[str]]:
    """The attributes that a control line asks for, by which a report groups its examples."""
    control = read_control(item.source)
    return {"wanted": list(control.wanted) if control else []}


def parse_items(rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    """The lines of a candidates file as metrics see them.

    Raises:
        UserError: if there is no row, a field is missing, an id occurs twice, or the numbers of
            candidates differ.
    """
    if not rows:
        raise UserError("There are no candidates to score: the file of candidates is empty.")
    items: list[Item] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        try:
            item = Item(
                id=str(row["id"]),
                source=row["source"],
                references=tuple(row["references"]),
                candidates=tuple(candidate["text"] for candidate in row["candidates"]),
                text_to_edit=row.get("content"),
            )
        except (KeyError, TypeError) as error:
            raise UserError(
                f"Line {number} of the candidates lacks {error}: each needs id, source, "
                "references and candidates with a text."
            ) from error
        expected = len(items[0].candidates) if items else max(1, len(item.candidates))
        if len(item.candidates) != expected:
            raise UserError(
                f"Example {item.id!r} (line {number}) has {len(item.candidates)} candidates "
                f"where {expected} were expected: give every source the same number."
            )
        if item.id in seen:
            raise UserError(f"Example id {item.id!r} occurs twice (line {number}): keep one.")
        seen.add(item.id)
        items.append(item)
    return items


def plain(numbers: float | FloatArray) -> Any:
    """Numbers for JSON: rounded; nested lists for arrays; None for non-finite values.

    Statistics, which have three dimensions, become integers if all of them are whole.
    """
    array = np.asarray(numbers, dtype=np.float64)
    if array.ndim == 3 and (array == np.rint(array)).all():
        return array.astype(np.int64).tolist()
    # Adding 0 turns -0.0 into 0.0.
    return _without_nan((np.round(array, DECIMALS) + 0.0).tolist())


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return value if math.isfinite(value) else None


def _choices(
    items: Sequence[Item], utilities: Sequence[Utility], pairs: PairSource
) -> tuple[IntArray, dict[str, IntArray]]:
    """The choice by the first utility `(S,)`, and `choice_counts` for every utility."""
    if len(items[0].candidates) == 1:
        alone = np.ones((len(items), 1, 1), dtype=np.int64)
        return np.zeros(len(items), dtype=np.int64), {u.id: alone for u in utilities}
    counts: dict[str, IntArray] = {}
    for number, utility in enumerate(utilities):
        scores = pairs(utility, items)
        if number == 0:
            chosen = choose(scores)
        counts[utility.id] = choice_counts(scores)
    return chosen, counts


def _statistics(
    metric: Metric, scores: Scores, chosen: IntArray
) -> dict[str, AdditiveScore | None]:
    """The named statistics of a metric; None for one that does not apply."""
    if metric.level == "set":
        return {"set": additive_statistic("set", scores.values, None)}
    picks = {"expected": None, "mbr": chosen, "oracle": best(scores.values, metric.direction)}
    if metric.level == "candidate":
        return {name: additive_statistic(name, scores.values, i) for name, i in picks.items()}
    statistics, total, of_chosen = scores.statistics, scores.total, scores.of_chosen
    if statistics is None or total is None:
        raise ValueError(f"{metric.id} is a corpus metric but returned no statistics.")
    return {
        name: additive_statistic(name, statistics, index, total)
        if index is None or of_chosen is None
        else AdditiveScore(of_chosen(index), total)
        for name, index in picks.items()
    }
