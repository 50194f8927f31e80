"""The verdict on a trial record from another record of the same trial and setting."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.experiment.registry import load_system
from benchmark.verification.environment import environment_changes
from benchmark.verification.findings import Finding, Verdict
from benchmark.verification.raw_records import RawRecord, RawReport
from benchmark.verification.record_comparison import compare
from benchmark.verification.tolerances import describe_closeness, find_breaches, same_weights

TRAINED = frozenset({"training", "statuses", "cost", "score"})
"""The parts that other weights may move."""

WITHOUT_BOUND = ("losses", "valid", "trace", "likelihoods")
"""The parts that may differ by any amount under different conditions."""


def judge(stored: RawRecord, fresh: RawRecord, *, exact: bool = False) -> Finding:
    """Compare two records: bytes, or bounds where they come from different environments.

    Args:
        stored: the record that is verified.
        fresh: another record of the same trial and setting.
        exact: require equal bytes in every environment.
    """
    compared = compare(stored, fresh)
    if not compared.differences:
        return Finding(stored.subject, "equal", compared.notes)
    changes = () if exact else environment_changes(stored, fresh)
    if not changes:
        return Finding(stored.subject, "differs", compared.notes, compared.differences)
    why = f"bounds hold, because {'; '.join(changes)}"
    unstable = () if same_weights(stored, fresh) else _describe_instability(stored)
    if found := find_breaches(stored, fresh, compared):
        of_training = unstable and {difference.part for difference in found} <= TRAINED
        verdict: Verdict = "cannot be checked" if of_training else "differs"
        remarks = (*(unstable if of_training else ()), why, *compared.notes)
        return Finding(stored.subject, verdict, remarks, tuple(found))
    loose = [part for part in WITHOUT_BOUND if part in {d.part for d in compared.differences}]
    free = (f"differ and have no bound: {', '.join(loose)}",) if loose else ()
    remarks = (*describe_closeness(stored, fresh), *free, *unstable, why, *compared.notes)
    return Finding(stored.subject, "within bounds", remarks)


def _describe_instability(record: RawRecord) -> tuple[str, ...]:
    """That trainings of a system part where sums round differently; empty if they do not."""
    try:
        why = load_system(record.line["system"]).capabilities.unstable
    except UserError:  # a plug-in that is not installed here
        return ()
    if not why:
        return ()
    return (f"this training is not reproducible across processors: {why}",)


def judge_all(
    records: Sequence[RawRecord], other: RawReport, *, exact: bool = False
) -> list[Finding]:
    """The verdict on each of `records` from its counterpart in another report."""
    known = {record.identity: record for record in other.records}
    missing = ("the other report has no trial with this key",)
    return [
        judge(record, known[record.identity], exact=exact)
        if record.identity in known
        else Finding(record.subject, "cannot be checked", missing)
        for record in records
    ]
