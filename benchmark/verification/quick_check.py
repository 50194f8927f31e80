"""What can be verified in seconds: files, keys, statistics and the rendered figures."""

from __future__ import annotations

from collections.abc import Collection

from benchmark.api import UserError
from benchmark.store.provenance import code
from benchmark.verification.consistency import find_inconsistencies, find_unknown_files
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.kept_report import StoredCell, StoredReport
from benchmark.verification.plan_from_records import Obstacle, Rebuilt
from benchmark.verification.rendered_files import verify_rendering
from benchmark.verification.rescoring import recompute_statistics


def verify_quick(
    report: StoredReport, cells: tuple[StoredCell, ...], rebuilt: Rebuilt
) -> list[Finding]:
    """The cells, the files that belong to none, and the rendered files.

    A key that this code does not make again counts against a cell only if the code is that of
    the record; otherwise it is told, for the change may be meant.
    """
    measured: dict[str, set[str]] = {}
    for cell in report.cells:
        measured.setdefault(cell.line["task"], set()).update(cell.metrics)
    found = [_cell(report, cell, rebuilt, measured[cell.line["task"]]) for cell in cells]
    found += find_unknown_files(report)
    try:
        return found + verify_rendering(report)
    except UserError as error:
        return [*found, Finding({"file": "summary.md"}, "cannot be checked", (str(error),))]


def _cell(
    report: StoredReport, cell: StoredCell, rebuilt: Rebuilt, measured: Collection[str]
) -> Finding:
    """The verdict on a cell of a task of which the metrics `measured` are in the records."""
    differences = list(find_inconsistencies(cell))
    notes: list[str] = []
    obstacle = rebuilt.obstacle(cell) or _other_score_key(cell, rebuilt)
    compared = obstacle is None
    if obstacle is not None:
        if obstacle.contradicts and report.code == code()["digest"]:
            differences.append(Difference("keys", "", cell.line["keys"], obstacle.said))
        else:
            notes.append(f"keys were not checked: {obstacle.said}")
    if cell.line["score"] is not None:
        scoring = rebuilt.scoring.get(cell.line["task"]) if obstacle is None else None
        wanted = {*measured, *(metric.id for metric in (scoring.metrics if scoring else ()))}
        if missing := sorted(wanted - set(cell.metrics)):
            differences.append(Difference("score", "metrics that are missing", missing, []))
        elif not differences:
            scored = recompute_statistics(cell)
            differences += scored.differences
            notes += scored.notes
            compared = scored.compared > 0
    if differences:
        return Finding(cell.subject, "differs", tuple(notes), tuple(differences[:1]))
    if not compared:
        return Finding(cell.subject, "cannot be checked", ("nothing was compared", *notes))
    return Finding(cell.subject, "equal", tuple(notes))


def _other_score_key(cell: StoredCell, rebuilt: Rebuilt) -> Obstacle | None:
    """How the key of the scores differs from that of candidates, data and metrics."""
    score = cell.line["score"]
    if score is None or rebuilt.suite is None:
        return None
    recorded = cell.line["keys"]["score"]
    expected = rebuilt.scoring[cell.line["task"]].key(score["candidates_digest"])
    if expected == recorded:
        return None
    return Obstacle(f"score key {recorded} in the record, {expected} here")
