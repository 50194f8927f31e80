"""How far a rerun under different conditions may lie from the record.

The last bits of a trained network are not reproduced on another device, and after a thousand
updates neither are its weights; then different texts are drawn, and what may be required is that
the scores agree within their own intervals. The two ends of a 95 % interval lie 3.9 standard errors
apart, and the difference of two equally good systems has a standard error of at most 1.4 of these:
hence the whole width for weights that were trained again, and half of it for those that were not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.verification.findings import Difference
from benchmark.verification.raw_records import RawRecord
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
    "bounds under different conditions: a score may move by the width of its recorded interval, by"
    f" half of it with the same weights, or by {SCORE:.0%} of its range if that is more, and with"
    f" the same candidates by {ENCODED_GAP} of its value; the loss on the valid split by"
    f" {LOSS:.0%}; shares of a status by {STATUS:.0%}; calls, rows and tokens by {COST:.0%}; with the same"
    f" weights {EQUAL_CANDIDATES:.0%} of the kept candidates have to be equal"
)

_BOUNDED = frozenset(
    {"training", "losses", "candidates", "statuses", "cost", "values", "score", "trace"}
)
"""The parts that may differ at all; a trace has no bound but that of the scores it ends in."""


def find_breaches(stored: RawRecord, fresh: RawRecord, compared: Compared) -> list[Difference]:
    """What differs by more than the bounds, with the bound in its place."""
    found = [d for d in compared.differences if d.part not in _BOUNDED]
    if found:  # a different trial, or none: its numbers say nothing
        return found
    if same_candidates(stored, fresh):
        found += _check_equal_candidates(stored, fresh, compared)
    found += _check_losses(stored, fresh)
    found += _check_texts(stored, fresh, compared)
    found += _check_statuses(stored, fresh)
    found += _check_costs(stored, fresh)
    found += _check_scores(stored, fresh)
    return found


def describe_closeness(stored: RawRecord, fresh: RawRecord, compared: Compared) -> list[str]:
    """How close the two are: sentences for a record within bounds."""
    equal, kept = compared.equal_candidates, compared.kept_candidates
    sentences = [f"{equal} of {kept} kept candidates are equal"] if kept else []
    changes = sorted(_score_changes(stored, fresh), key=lambda change: change.by / change.bound)
    return [*sentences, *(change.sentence() for change in changes[-1:])]


def same_weights(stored: RawRecord, fresh: RawRecord) -> bool:
    """Whether both decoded the same weights, as far as the records say."""
    if stored.keys["train"] is None:
        return True
    before, after = stored.line["training"] or {}, fresh.line["training"] or {}
    names = ["updates", "final_loss", "valid_loss"]
    if "system_digest" in before and "system_digest" in after:
        names = ["system_digest"]
    return all(before.get(name) == after.get(name) for name in names)


def _check_equal_candidates(
    stored: RawRecord, fresh: RawRecord, compared: Compared
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


def _check_losses(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    before, after = (record.line["training"] or {} for record in (stored, fresh))
    one, other = before.get("valid_loss"), after.get("valid_loss")
    by_clock = before.get("ended_by") == "seconds"
    if before.get("updates") != after.get("updates") and not by_clock:
        yield Difference("training", "updates", before.get("updates"), after.get("updates"))
    elif (one is None) != (other is None) or (
        one is not None and abs(other - one) > LOSS * abs(one)
    ):
        yield Difference("training", f"valid_loss, more than {LOSS:.0%}", one, other)


def _check_texts(stored: RawRecord, fresh: RawRecord, compared: Compared) -> Iterator[Difference]:
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


def _check_statuses(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    before, after = stored.line["statuses"], fresh.line["statuses"]
    for status in sorted(before | after):
        shares = [
            counts.get(status, 0) / max(1, sum(counts.values())) for counts in (before, after)
        ]
        if abs(shares[1] - shares[0]) > STATUS:
            yield Difference("statuses", f"{status}, share", *shares)
            return


def _check_costs(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    before, after = (record.line["cost"] or {} for record in (stored, fresh))
    for name in ("depth", "rows", "tokens"):
        one, other = before.get(name), after.get(name)
        if one is not None and other is not None and abs(other - one) > COST * abs(one):
            yield Difference("cost", f"{name}, more than {COST:.0%}", one, other)
            return


def _check_scores(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    for name in ("num_sources", "num_samples", "mbr_utility", "interval"):
        one, two = ((record.line["score"] or {}).get(name) for record in (stored, fresh))
        if one != two:
            yield Difference("score", name, one, two)
            return
    for change in _score_changes(stored, fresh):
        if change.by > change.bound:
            yield Difference("score", change.sentence(), change.stored, change.fresh)
            return


@dataclass(frozen=True, slots=True)
class _ScoreChange:
    """A score that both records have, defined in one of them at least."""

    name: str
    stored: float | None
    fresh: float | None
    bound: float

    @property
    def by(self) -> float:
        if self.stored is None or self.fresh is None:
            return math.inf
        return abs(self.fresh - self.stored)

    def sentence(self) -> str:
        if math.isinf(self.by):
            return self.name
        return f"{self.name} moved by {self.by:.3g} of at most {self.bound:.3g}"


def _score_changes(stored: RawRecord, fresh: RawRecord) -> Iterator[_ScoreChange]:
    equal, widths = same_candidates(stored, fresh), 0.5 if same_weights(stored, fresh) else 1.0
    for metric, entry in stored.metrics.items():
        other = fresh.metrics.get(metric)
        if other is None or other["signature"] != entry["signature"]:
            continue
        for statistic, before in entry["statistics"].items():
            value, after = before["value"], other["statistics"].get(statistic, before)["value"]
            if value is None and after is None:
                continue
            if equal:
                bound = ENCODED_GAP * max(1.0, abs(value or 0.0))
            else:
                bound = _bound(before, entry["range"], widths)
            yield _ScoreChange(f"{metric} {statistic}", value, after, bound)


def _bound(
    statistic: Mapping[str, Any], limits: tuple[float | None, float | None], widths: float
) -> float:
    low, high = limits
    extent = abs(statistic["value"] or 0.0) if low is None or high is None else high - low
    ends = statistic["low"], statistic["high"]
    width = ends[1] - ends[0] if None not in ends else 0.0
    return max(widths * width, SCORE * extent, math.ulp(1.0))
