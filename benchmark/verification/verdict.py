"""The verdict on a cell that was made again."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.verification.conditions import changed_conditions
from benchmark.verification.findings import Finding
from benchmark.verification.kept_report import StoredCell, StoredReport
from benchmark.verification.record_comparison import compare
from benchmark.verification.tolerances import describe_closeness, find_breaches


def judge(stored: StoredCell, fresh: StoredCell, *, exact: bool = False) -> Finding:
    """Compare two records of a cell: bytes, or bounds where the conditions are others.

    Args:
        stored: the record that is verified.
        fresh: another record of the same cell.
        exact: hold to bytes whatever the conditions.
    """
    compared = compare(stored, fresh)
    if not compared.differences:
        return Finding(stored.subject, "equal", compared.notes)
    conditions = () if exact else changed_conditions(stored, fresh)
    if not conditions:
        return Finding(stored.subject, "differs", compared.notes, compared.differences)
    why = f"bounds hold, because {'; '.join(conditions)}"
    if found := find_breaches(stored, fresh, compared):
        return Finding(stored.subject, "differs", (why, *compared.notes), tuple(found))
    said = (*describe_closeness(stored, fresh, compared), why, *compared.notes)
    return Finding(stored.subject, "within bounds", said)


def judge_all(
    cells: Sequence[StoredCell], other: StoredReport, *, exact: bool = False
) -> list[Finding]:
    """The verdict on each of `cells` from the record of the same cell in another report."""
    known = {(cell.name, cell.generate_key): cell for cell in other.cells}
    found = []
    for cell in cells:
        fresh = known.get((cell.name, cell.generate_key))
        if fresh is None:
            told = "the other report has no cell with its key"
            found.append(Finding(cell.subject, "cannot be checked", (told,)))
        else:
            found.append(judge(cell, fresh, exact=exact))
    return found
