"""How far a rerun under other conditions may lie from the record.

The bits of a trained network are not repeated on another device, and after a thousand updates
neither are its weights; which texts are drawn then changes, and what may be asked is that the
scores agree within what their own intervals leave open. The two ends of an interval of 95 % lie
3.9 standard errors apart, and the difference of two equally good systems has a standard error of
1.4 of these at most: hence the whole width for weights that were trained anew, and half of it for
those that were not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.verification.findings import Difference
from benchmark.verification.kept_report import StoredCell
from benchmark.verification.record_comparison import Compared, same_candidates
from benchmark.verification.rescoring import ENCODED_GAP, largest_gap

EQUAL_CANDIDATES = 0.95
"""Least share of equal candidates where the weights are the same."""
SCORE = 0.02
"""Of the range of a score; of its value where the range has no end."""
LOSS = 0.10
"""Of the recorded loss on the valid split."""
STATUS = 0.02
"""Of all candidates."""
COST = 0.05
"""Of the recorded number of calls, rows and tokens."""

BOUNDS_IN_WORDS = (
    "bounds under other conditions: a score may move by the width of its recorded interval, by half"
    f" of it with the same weights, or by {SCORE:.0%} of its range if that is more, and with the"
    f" same candidates by {ENCODED_GAP} of its value; the loss on the valid split by {LOSS:.0%};"
    f" shares of a status by {STATUS:.0%}; calls, rows and tokens by {COST:.0%}; with the same"
    f" weights {EQUAL_CANDIDATES:.0%} of the kept candidates have to be equal"
)

_BOUNDED = frozenset(
    {"training", "losses", "candidates", "statuses", "cost", "values", "score", "trace"}
)
"""The parts that may differ at all; a trace has no bound but that of the scores it ends in."""


def find_breaches(stored: StoredCell, fresh: StoredCell, compared: Compared) -> list[Difference]:
    """What differs by more than the bounds, with the bound in its place."""
    found = [d for d in compared.differences if d.part not in _BOUNDED]
    if found:  # another cell, or none: its numbers say nothing
        return found
    if same_candidates(stored, fresh):
        found += _of_equal_candidates(stored, fresh, compared)
    found += _losses(stored, fresh)
    found += _candidates(stored, fresh, compared)
    found += _statuses(stored, fresh)
    found += _costs(stored, fresh)
    found += _scores(stored, fresh)
    return found


def describe_closeness(stored: StoredCell, fresh: StoredCell, compared: Compared) -> list[str]:
    """How near the two are: sentences for a cell within bounds."""
    told = []
    if compared.kept_candidates:
        told.append(
            f"{compared.equal_candidates} of {compared.kept_candidates} kept candidates are equal"
        )
    nearest = max(
        _score_changes(stored, fresh), key=lambda move: move.by / move.bound, default=None
    )
    return told if nearest is None else [*told, nearest.sentence()]


def same_weights(stored: StoredCell, fresh: StoredCell) -> bool:
    """Whether both decoded the same weights, as far as the records tell."""
    if stored.train_key is None:
        return True
    before, after = stored.line["training"] or {}, fresh.line["training"] or {}
    names = ["updates", "final_loss", "valid_loss"]
    if "system_digest" in before and "system_digest" in after:
        names = ["system_digest"]
    return all(before.get(name) == after.get(name) for name in names)


def _of_equal_candidates(
    stored: StoredCell, fresh: StoredCell, compared: Compared
) -> Iterator[Difference]:
    """Kept texts that were changed, and values that do not follow from equal texts."""
    yield from (d for d in compared.differences if d.part == "candidates")
    counts = len(stored.values), len(fresh.values)
    if counts[0] != counts[1]:
        yield Difference("values", "sources", *counts)
    for before, after in zip(stored.values, fresh.values, strict=False):
        for name in compared.metrics:
            if largest_gap(before, after, name) > ENCODED_GAP:
                values = (row["metrics"].get(name) for row in (before, after))
                yield Difference("values", f"{before['id']}, {name} of equal candidates", *values)
                return


def _losses(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    before, after = (cell.line["training"] or {} for cell in (stored, fresh))
    one, other = before.get("valid_loss"), after.get("valid_loss")
    by_clock = before.get("ended_by") == "seconds"
    if before.get("updates") != after.get("updates") and not by_clock:
        yield Difference("training", "updates", before.get("updates"), after.get("updates"))
    elif (one is None) != (other is None) or (
        one is not None and abs(other - one) > LOSS * abs(one)
    ):
        yield Difference("training", f"valid_loss, more than {LOSS:.0%}", one, other)


def _candidates(stored: StoredCell, fresh: StoredCell, compared: Compared) -> Iterator[Difference]:
    for difference in compared.differences:
        asked = difference.where.partition(", ")[2].split(" ")[0]
        if difference.part == "candidates" and asked in ("id", "source", "references"):
            yield difference
            return
    kept, equal = compared.kept_candidates, compared.equal_candidates
    if kept and equal < EQUAL_CANDIDATES * kept and same_weights(stored, fresh):
        yield Difference(
            "candidates", f"equal ones, at least {EQUAL_CANDIDATES:.0%} with the same weights",
            kept, equal,
        )  # fmt: skip


def _statuses(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    before, after = stored.line["statuses"], fresh.line["statuses"]
    for status in sorted(before | after):
        shares = [
            counts.get(status, 0) / max(1, sum(counts.values())) for counts in (before, after)
        ]
        if abs(shares[1] - shares[0]) > STATUS:
            yield Difference("statuses", f"{status}, share", *shares)
            return


def _costs(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    before, after = (cell.line["cost"] or {} for cell in (stored, fresh))
    for name in ("depth", "rows", "tokens"):
        one, other = before.get(name), after.get(name)
        if one is not None and other is not None and abs(other - one) > COST * abs(one):
            yield Difference("cost", f"{name}, more than {COST:.0%}", one, other)
            return


def _scores(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    for metric, entry in stored.metrics.items():
        other = fresh.metrics.get(metric, entry)
        for statistic, before in entry["statistics"].items():
            after = other["statistics"].get(statistic, before)
            if (before["value"] is None) != (after["value"] is None):
                name = f"{metric} {statistic}"
                yield Difference("score", name, before["value"], after["value"])
                return
    for name in ("num_sources", "num_samples", "mbr_utility", "interval"):
        one, two = ((cell.line["score"] or {}).get(name) for cell in (stored, fresh))
        if one != two:
            yield Difference("score", name, one, two)
            return
    for move in _score_changes(stored, fresh):
        if move.by > move.bound:
            yield Difference("score", move.sentence(), move.stored, move.fresh)
            return


@dataclass(frozen=True, slots=True)
class _ScoreChange:
    """A defined score that both records have."""

    name: str
    stored: float
    fresh: float
    bound: float

    @property
    def by(self) -> float:
        return abs(self.fresh - self.stored)

    def sentence(self) -> str:
        return f"{self.name} moved by {self.by:.3g} of at most {self.bound:.3g}"


def _score_changes(stored: StoredCell, fresh: StoredCell) -> Iterator[_ScoreChange]:
    equal, widths = same_candidates(stored, fresh), 0.5 if same_weights(stored, fresh) else 1.0
    for metric, entry in stored.metrics.items():
        other = fresh.metrics.get(metric)
        if other is None or other["signature"] != entry["signature"]:
            continue
        for statistic, before in entry["statistics"].items():
            after = other["statistics"].get(statistic, {})
            value = before["value"]
            if value is None or after.get("value") is None:
                continue
            bound = _bound(before, entry["range"], widths)
            if equal:
                bound = ENCODED_GAP * max(1.0, abs(value))
            yield _ScoreChange(f"{metric} {statistic}", value, after["value"], bound)


def _bound(
    statistic: Mapping[str, Any], limits: tuple[float | None, float | None], widths: float
) -> float:
    low, high = limits
    extent = abs(statistic["value"]) if low is None or high is None else high - low
    ends = statistic["low"], statistic["high"]
    width = ends[1] - ends[0] if None not in ends else 0.0
    return max(widths * width, SCORE * extent, math.ulp(1.0))
