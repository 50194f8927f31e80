"""Verify scores alone: nothing is trained, nothing is generated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmark.api import UserError
from benchmark.verification.consistency import find_inconsistencies
from benchmark.verification.findings import Finding
from benchmark.verification.kept_report import StoredCell
from benchmark.verification.plan_from_records import Rebuilt
from benchmark.verification.rescoring import Rescored, recompute_statistics, recompute_values


def verify_scores(cells: Sequence[StoredCell], rebuilt: Rebuilt) -> list[Finding]:
    """Statistics and intervals from the kept values, and values from the kept texts."""
    return [_finding(cell, rebuilt) for cell in cells]


def _finding(cell: StoredCell, rebuilt: Rebuilt) -> Finding:
    if cell.line["score"] is None:
        told = f"it has no score: {cell.line['error'] or cell.line['status']}"
        return Finding(cell.subject, "cannot be checked", (told,))
    if found := next(find_inconsistencies(cell), None):
        return Finding(cell.subject, "differs", (), (found,))
    steps = [partial(recompute_statistics, cell)]
    scoring = rebuilt.scoring.get(cell.line["task"])
    left_out: tuple[str, ...] = ()
    if not cell.keeps("samples"):
        left_out = ("texts are not kept, so values were not recomputed",)
    elif scoring is None:
        obstacle = rebuilt.obstacle(cell)
        left_out = (f"values were not recomputed: {obstacle.said if obstacle else ''}",)
    else:
        utility = cell.line["score"]["mbr_utility"]
        steps.append(partial(recompute_values, cell, scoring.metrics, utility))
    scored: list[Rescored] = []
    for step in steps:
        try:
            scored.append(step())
        except UserError as error:
            return Finding(cell.subject, "cannot be checked", (str(error),))
        if scored[-1].differences:
            return Finding(cell.subject, "differs", scored[-1].notes, scored[-1].differences)
    if not any(step.compared for step in scored):
        told = "nothing was compared: none of its figures follows from the kept values or texts"
        return Finding(cell.subject, "cannot be checked", (told, *left_out))
    bounded = [told for step in scored for told in step.bounded]
    notes = [told for step in scored for told in step.notes]
    said = (*bounded, *left_out, *notes)
    return Finding(cell.subject, "within bounds" if bounded else "equal", said)
