"""Verify scores alone: nothing is trained, nothing is generated."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.verification.consistency import find_inconsistency
from benchmark.verification.findings import Finding
from benchmark.verification.plan_from_records import RebuiltPlan
from benchmark.verification.raw_records import RawRecord
from benchmark.verification.rescoring import recompute_statistics, recompute_values


def verify_scores(records: Sequence[RawRecord], rebuilt: RebuiltPlan) -> list[Finding]:
    """Statistics and intervals from the kept values, and values from the kept texts."""
    return [_verify(record, rebuilt) for record in records]


def _verify(record: RawRecord, rebuilt: RebuiltPlan) -> Finding:
    if record.line["score"] is None:
        reason = f"it has no score: {record.line['error'] or record.line['status']}"
        return Finding(record.subject, "cannot be checked", (reason,))
    if found := find_inconsistency(record):
        return Finding(record.subject, "differs", (), (found,))
    scoring = rebuilt.scoring.get(record.line["task"])
    omitted: tuple[str, ...] = ()
    try:
        rescored = [recompute_statistics(record)]
        if not record.keeps_texts:
            omitted = ("texts are not kept, so values were not recomputed",)
        elif scoring is None:
            reason = rebuilt.obstacles[record.identity].reason
            omitted = (f"values were not recomputed: {reason}",)
        elif rescored[0].difference is None:
            utility = record.line["score"]["mbr_utility"]
            rescored.append(recompute_values(record, scoring.metrics, utility))
    except UserError as error:
        return Finding(record.subject, "cannot be checked", (str(error),))
    last = rescored[-1]
    if last.difference is not None:
        return Finding(record.subject, "differs", tuple(last.notes), (last.difference,))
    if not any(step.compared for step in rescored):
        reason = "nothing was compared: none of its figures follows from the kept values or texts"
        return Finding(record.subject, "cannot be checked", (reason, *omitted))
    bounded = [remark for step in rescored for remark in step.bounded]
    notes = [note for step in rescored for note in step.notes]
    remarks = (*bounded, *omitted, *notes)
    return Finding(record.subject, "within bounds" if bounded else "equal", remarks)
