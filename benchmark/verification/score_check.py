"""Verify scores alone: nothing is trained, nothing is generated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmark.api import UserError
from benchmark.verification.consistency import find_inconsistencies
from benchmark.verification.findings import Finding
from benchmark.verification.plan_from_records import RebuiltPlan
from benchmark.verification.raw_records import RawRecord
from benchmark.verification.rescoring import Rescored, recompute_statistics, recompute_values


def verify_scores(records: Sequence[RawRecord], rebuilt: RebuiltPlan) -> list[Finding]:
    """Statistics and intervals from the kept values, and values from the kept texts."""
    return [_verify(record, rebuilt) for record in records]


def _verify(record: RawRecord, rebuilt: RebuiltPlan) -> Finding:
    if record.line["score"] is None:
        reason = f"it has no score: {record.line['error'] or record.line['status']}"
        return Finding(record.subject, "cannot be checked", (reason,))
    if found := next(find_inconsistencies(record), None):
        return Finding(record.subject, "differs", (), (found,))
    steps = [partial(recompute_statistics, record)]
    scoring = rebuilt.scoring.get(record.line["task"])
    omitted: tuple[str, ...] = ()
    if not record.keeps_texts:
        omitted = ("texts are not kept, so values were not recomputed",)
    elif scoring is None:
        obstacle = rebuilt.obstacles.get(record.identity)
        omitted = (f"values were not recomputed: {obstacle.reason if obstacle else ''}",)
    else:
        utility = record.line["score"]["mbr_utility"]
        steps.append(partial(recompute_values, record, scoring.metrics, utility))
    rescored: list[Rescored] = []
    for step in steps:
        try:
            rescored.append(step())
        except UserError as error:
            return Finding(record.subject, "cannot be checked", (str(error),))
        if differences := rescored[-1].differences:
            return Finding(record.subject, "differs", rescored[-1].notes, differences)
    if not any(step.compared for step in rescored):
        reason = "nothing was compared: none of its figures follows from the kept values or texts"
        return Finding(record.subject, "cannot be checked", (reason, *omitted))
    bounded = [remark for step in rescored for remark in step.bounded]
    notes = [note for step in rescored for note in step.notes]
    remarks = (*bounded, *omitted, *notes)
    return Finding(record.subject, "within bounds" if bounded else "equal", remarks)
