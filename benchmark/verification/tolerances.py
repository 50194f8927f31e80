"""How far a rerun under different conditions may lie from the record.

The last bits of a trained network are not reproduced on another device, and after a thousand
updates neither are its weights; then different texts are drawn, and what may be required is that
the scores agree within their own intervals. The two ends of a 95 % interval lie 3.9 standard errors
apart, and the difference of two equally good systems has a standard error of at most 1.4 of these:
hence the whole width for weights that were trained again, and half of it for those that were not.
Where the report has several seeds, weights that were trained again may lie farther from the record
if neither the record nor they are an outlier among the other seeds and the other of the two, by
Student's t in 95 of 100 cases of one figure.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.verification.findings import Difference
from benchmark.verification.raw_records import RawRecord
from benchmark.verification.record_comparison import PARTS, Compared, same_candidates
from benchmark.verification.rescoring import ENCODED_GAP, largest_gap

EQUAL_CANDIDATES = 0.95
"""Least share of equal candidates where the weights are the same."""
SCORE = 0.02
"""Of the range of a score; of its value where the range has no end."""
LOSS = 0.10
"""Of the recorded loss on the valid split."""
STATUS = 0.02
"""Of all candidates, or the width of the interval of their share if that is more."""
NORMAL_QUANTILE = 1.96
"""Standard errors from the middle of a 95 % interval to its ends."""
OUTLIER = 0.05
"""How often one figure of a training that is right lies beyond what its seeds let expect."""
COST = 0.05
"""Of the recorded number of calls, rows and tokens."""

BOUNDS_IN_WORDS = (
    "bounds under different conditions: a score may move by the width of its recorded interval or"
    " as far as the other seeds let expect, by half of that width with the same weights, or"
    f" by {SCORE:.0%} of its range if that is more, and with the same candidates by {ENCODED_GAP}"
    f" of its value; the loss on the valid split by {LOSS:.0%}; shares of a status by {STATUS:.0%}"
    f" or the width of their interval; calls, rows and tokens by {COST:.0%}; with the same weights"
    f" {EQUAL_CANDIDATES:.0%} of the kept candidates have to be equal"
)

_UNBOUNDED = ("files", "status", "setting", "keys")
"""The parts that may not differ; a trace has no bound but that of the scores it ends in,
likelihoods have none."""


def find_breaches(stored: RawRecord, fresh: RawRecord, compared: Compared) -> list[Difference]:
    """What differs by more than the bounds, with the bound in its place."""
    found = [d for d in compared.differences if d.part in _UNBOUNDED]
    if found:  # a different trial, or none: its numbers say nothing
        return found
    if same_candidates(stored, fresh):
        found += _check_equal_candidates(stored, fresh, compared)
    found += _check_texts(stored, fresh, compared)
    found += _check_scoring(stored, fresh)
    for change in _changes(stored, fresh):
        if change.by > change.bound and change.part not in {d.part for d in found}:
            found.append(Difference(change.part, change.sentence(), change.stored, change.fresh))
    return sorted(found, key=lambda difference: PARTS.index(difference.part))


def describe_closeness(stored: RawRecord, fresh: RawRecord) -> list[str]:
    """How close the two are: sentences for a record within bounds."""
    equal, kept = _count_equal_candidates(stored, fresh)
    sentences = [f"{equal} of {kept} kept candidates are equal"] if kept else []
    defined = (change for change in _score_changes(stored, fresh) if change.stored is not None)
    changes = sorted(defined, key=lambda change: change.by / change.bound)
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


def _check_texts(stored: RawRecord, fresh: RawRecord, compared: Compared) -> Iterator[Difference]:
    for difference in compared.differences:
        asked = difference.where.partition(", ")[2].split(" ")[0]
        if difference.part == "candidates" and asked in ("id", "source", "references"):
            yield difference
            return
    equal, kept = _count_equal_candidates(stored, fresh)
    if kept and equal < EQUAL_CANDIDATES * kept and same_weights(stored, fresh):
        yield Difference(
            "candidates", f"equal ones, at least {EQUAL_CANDIDATES:.0%} with the same weights",
            kept, equal,
        )  # fmt: skip


def _count_equal_candidates(stored: RawRecord, fresh: RawRecord) -> tuple[int, int]:
    """How many candidates have equal texts, of those that both records keep; and of how many."""
    if not (stored.keeps_texts and fresh.keeps_texts):
        return 0, 0
    before, after = (
        [candidate["text"] for row in record.samples for candidate in row["candidates"]]
        for record in (stored, fresh)
    )
    pairs = [one == other for one, other in zip(before, after, strict=False)]
    return sum(pairs), len(pairs)


def _check_scoring(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    """Scores of other sources, candidates or intervals cannot be compared."""
    before, after = (record.line["score"] or {} for record in (stored, fresh))
    for name in ("num_sources", "num_samples", "mbr_utility", "interval"):
        if before.get(name) != after.get(name):
            yield Difference("score", name, before.get(name), after.get(name))


@dataclass(frozen=True, slots=True)
class _Change:
    """A number that may move; None is undefined."""

    part: str
    name: str
    stored: float | None
    fresh: float | None
    bound: float

    @property
    def by(self) -> float:
        if self.stored is None or self.fresh is None:
            return 0.0 if self.stored == self.fresh else math.inf
        return abs(self.fresh - self.stored)

    def sentence(self) -> str:
        if math.isinf(self.by):
            return self.name
        return f"{self.name} moved by {self.by:.3g} (bound {self.bound:.3g})"


def _changes(stored: RawRecord, fresh: RawRecord) -> Iterator[_Change]:
    before, after = (record.line["training"] or {} for record in (stored, fresh))
    if before.get("ended_by") != "seconds":
        yield _Change("training", "updates", before.get("updates"), after.get("updates"), 0.0)
    loss = before.get("valid_loss")
    yield _Change("training", "valid_loss", loss, after.get("valid_loss"), LOSS * abs(loss or 0.0))
    lines = _list_others(stored, fresh)
    before, after = stored.line["statuses"], fresh.line["statuses"]
    for status in sorted(before | after):
        one, other = (_share(of, status) for of in (before, after))
        bound = max(
            _share_bound(one, sum(before.values()), _widths(stored, fresh)),
            _find_spread(
                one, other, (_share(of, status) for line in lines if (of := line["statuses"]))
            ),
        )
        yield _Change("statuses", f"share of {status}", one, other, bound)
    before, after = (record.line["cost"] or {} for record in (stored, fresh))
    for name in ("depth", "rows", "tokens"):
        made, again = before.get(name), after.get(name)
        if made is not None and again is not None:
            apart = _find_spread(made, again, ((line["cost"] or {}).get(name) for line in lines))
            yield _Change("cost", name, made, again, max(COST * abs(made), apart))
    yield from _score_changes(stored, fresh)


def _score_changes(stored: RawRecord, fresh: RawRecord) -> Iterator[_Change]:
    """Changes of the statistics that both records have.

    A metric with another signature is another metric: neither its values nor where it is defined
    can be compared, and `compare` notes it. A statistic that only one record has says nothing.
    """
    equal, widths = same_candidates(stored, fresh), _widths(stored, fresh)
    lines, count = _list_others(stored, fresh), (stored.line["score"] or {}).get("num_sources")
    for metric, entry in stored.metrics.items():
        other = fresh.metrics.get(metric)
        if other is None or other["signature"] != entry["signature"]:
            continue
        for statistic, before in entry["statistics"].items():
            if statistic not in other["statistics"]:
                continue
            value, after = before["value"], other["statistics"][statistic]["value"]
            narrow = ENCODED_GAP * max(1.0, abs(value or 0.0))
            seeds = (_read_statistic(line, metric, statistic) for line in lines)
            apart = _find_spread(value, after, seeds)
            bound = narrow if equal else max(_bound(before, entry["range"], widths, count), apart)
            yield _Change("score", f"{metric} {statistic}", value, after, bound)


def _widths(stored: RawRecord, fresh: RawRecord) -> float:
    return 0.5 if same_weights(stored, fresh) else 1.0


def _share_bound(share: float, count: int, widths: float) -> float:
    """A few per cent of some hundred candidates come and go by the draws alone."""
    error = math.sqrt(share * (1 - share) / max(1, count))
    return max(widths * 2 * NORMAL_QUANTILE * error, STATUS)


def _share(counts: Mapping[str, int], status: str) -> float:
    return counts.get(status, 0) / max(1, sum(counts.values()))


def _read_statistic(line: Mapping[str, Any], metric: str, statistic: str) -> float | None:
    """A figure of a trial; None for one that failed or has none."""
    of_metric = (line["score"] or {}).get("metrics", {}).get(metric, {})
    value: float | None = of_metric.get("statistics", {}).get(statistic, {}).get("value")
    return value


def _list_others(stored: RawRecord, fresh: RawRecord) -> list[Mapping[str, Any]]:
    """The trials with other seeds of the report; none where both decoded the same weights."""
    if same_weights(stored, fresh):
        return []
    return [line for line in stored.of_seeds if line["seed"] != stored.line["seed"]]


def _find_spread(one: float | None, other: float | None, seeds: Iterable[float | None]) -> float:
    """How far `other` may lie from `one` as far as other seeds tell; 0 where there are none.

    Each of the two has to lie within the interval of prediction of the seeds and the other of the
    two, so that neither can widen its own: two tests of half the level.
    """
    from scipy.special import stdtrit

    known = [value for value in seeds if value is not None]
    if one is None or other is None or not known:
        return 0.0
    bounds = []
    for tested, held in ((one, other), (other, one)):
        sample = [*known, held]
        error = statistics.stdev(sample) * math.sqrt(1 + 1 / len(sample))
        reach = float(stdtrit(len(sample) - 1, 1 - OUTLIER / 4)) * error
        middle = statistics.fmean(sample)
        bounds.append(middle + reach - held if tested > held else held - (middle - reach))
    return min(bounds)


def _bound(
    statistic: Mapping[str, Any],
    limits: tuple[float | None, float | None],
    widths: float,
    count: int | None,
) -> float:
    low, high = limits
    extent = abs(statistic["value"] or 0.0) if low is None or high is None else high - low
    ends = statistic["low"], statistic["high"]
    width: float = ends[1] - ends[0] if None not in ends else 0.0
    if width == 0 and count and statistic["value"] in limits:
        # No resample of sources that all agree differs: by the rule of three up to 3 of n may.
        width = min(1.0, 3 / count) * extent
    return max(widths * width, SCORE * extent, math.ulp(1.0))
