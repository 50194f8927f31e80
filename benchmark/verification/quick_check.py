"""What can be verified in seconds: files, keys, statistics and the rendered figures."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmark.api import UserError
from benchmark.records.schema import base
from benchmark.store.provenance import code
from benchmark.verification.completeness import find_gaps
from benchmark.verification.consistency import find_inconsistency, find_unknown_files
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.plan_from_records import CannotRerunError, RebuiltPlan
from benchmark.verification.raw_records import RawRecord, RawReport
from benchmark.verification.rendered_files import verify_rendering
from benchmark.verification.rescoring import recompute_statistics


def verify_quick(
    report: RawReport, records: tuple[RawRecord, ...], rebuilt: RebuiltPlan
) -> list[Finding]:
    """The records, the files that belong to none, and the rendered files.

    A key that this code does not reproduce counts against a record only if the code is that of
    the record; otherwise it is noted, for the change may be intended.
    """
    measured: dict[str, set[str]] = {}
    for record in report.records:
        measured.setdefault(record.line["task"], set()).update(record.metrics)
    found = [_verify(record, rebuilt, measured[record.line["task"]]) for record in records]
    found += find_gaps(report, records, rebuilt)
    found += find_unknown_files(report)
    try:
        return found + verify_rendering(report)
    except UserError as error:
        return [*found, Finding({"file": "summary.md"}, "cannot be checked", (str(error),))]


def _verify(record: RawRecord, rebuilt: RebuiltPlan, measured: Collection[str]) -> Finding:
    """The verdict on a record; `measured` are the metrics that any record of its task has."""
    found = find_inconsistency(record)
    notes: list[str] = []
    obstacle = rebuilt.obstacles.get(record.identity) or _compare_score_key(record, rebuilt)
    compared = obstacle is None
    notes += _compare_sources(record, rebuilt)
    if obstacle is not None:
        recorded_code = record.run.get("code", {}).get("digest")
        if obstacle.contradicts and recorded_code == code()["digest"]:
            found = found or Difference("keys", "", record.keys, obstacle.reason)
        else:
            notes.append(f"keys were not checked: {obstacle.reason}")
    if record.line["score"] is not None and found is None:
        scoring = rebuilt.scoring.get(record.line["task"]) if obstacle is None else None
        wanted = {*measured, *(metric.id for metric in (scoring.metrics if scoring else ()))}
        missing = sorted(wanted - set(record.metrics)) or _find_unmeasured(record, rebuilt)
        if missing:
            found = Difference("score", "metrics that are missing", missing, [])
        else:
            rescored = recompute_statistics(record)
            found = rescored.difference
            notes += rescored.notes
            compared = rescored.compared > 0
    if found is not None:
        return Finding(record.subject, "differs", tuple(notes), (found,))
    if not compared:
        return Finding(record.subject, "cannot be checked", ("nothing was compared", *notes))
    return Finding(record.subject, "equal", tuple(notes))


def _find_unmeasured(record: RawRecord, rebuilt: RebuiltPlan) -> list[str]:
    """Metrics that the suite of the record names and that it lacks, whatever code is here."""
    if rebuilt.suite is None or "outputs" in record.line or not record.metrics:
        return []
    recipe = rebuilt.suite.tasks.get(record.line["task"])
    specs = (*rebuilt.suite.evaluation.metrics, *(recipe.metrics if recipe else ()))
    present = {base(name) for name in record.metrics}
    return sorted({base(spec) for spec in specs} - present)


def _compare_sources(record: RawRecord, rebuilt: RebuiltPlan) -> Iterator[str]:
    """Whether another source of a user's system made the record than the one that is here."""
    trial = rebuilt.trials.get(record.trial)
    if trial is None or trial.source is None:
        return
    for stage, name in record.line["made"].items():
        made = record.run["conditions"][name].get("source")
        if made not in (None, trial.source.digest):
            yield (
                f"another source of {trial.system} made the {stage} entry: {made} in the record,"
                f" {trial.source.digest} here"
            )


def _compare_score_key(record: RawRecord, rebuilt: RebuiltPlan) -> CannotRerunError | None:
    """Whether the key of the scores is not that of candidates, data and metrics."""
    score, recorded = record.line["score"], record.keys["score"]
    if score is None or rebuilt.suite is None:
        return None
    expected = rebuilt.scoring[record.line["task"]].key(score["candidates_digest"])
    if expected == recorded:
        return None
    return CannotRerunError(f"score key {recorded} in the record, {expected} here")
