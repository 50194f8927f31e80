"""Rerun trials of a report in a store of their own, and compare their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.store.entries import Store
from benchmark.store.files import write_text
from benchmark.verification.findings import Finding
from benchmark.verification.plan_from_records import RebuiltPlan
from benchmark.verification.raw_records import RawRecord, RawReport, read_raw_report
from benchmark.verification.verdict import judge_all

STORE_MARK = "verification.txt"
"""A file that distinguishes a store of a verification from one that a report was made from."""


@dataclass(frozen=True, slots=True)
class RerunOptions:
    """Where and how trials are rerun."""

    store: Path | None
    """Where finished stages are kept, to resume; None: a folder that is removed at the end."""
    weights: Path | None
    """A store whose trained systems are used; None: everything is trained again."""
    device: str
    jobs: int
    data_dir: Path | None
    exact: bool = False
    """Whether to require equal bytes on other devices too."""


def rerun(
    report: RawReport, records: Sequence[RawRecord], rebuilt: RebuiltPlan, options: RerunOptions
) -> list[Finding]:
    """Rerun the trials of `records` and compare each record with the new one.

    Raises:
        UserError: if the store cannot be used.
    """
    if options.store is not None:
        _check_store(options.store)
    with TemporaryDirectory(prefix="benchmark-verify-") as temporary:
        store = Store(options.store or Path(temporary))
        store.prepare()
        obstacles = [_find_obstacle(record, rebuilt, store, options.weights) for record in records]
        able = [r for r, why in zip(records, obstacles, strict=True) if why is None]
        found = iter(_run_and_judge(report, able, rebuilt, store, options) if able else [])
        return [
            next(found) if why is None else Finding(record.subject, "cannot be checked", (why,))
            for record, why in zip(records, obstacles, strict=True)
        ]


def _find_obstacle(
    record: RawRecord, rebuilt: RebuiltPlan, store: Store, weights: Path | None
) -> str | None:
    """Why a setting cannot be rerun; None if it can, its trained weights being in the store."""
    if record.identity in rebuilt.obstacles:
        return rebuilt.obstacles[record.identity].reason
    if record.line["status"] == "missing":
        return "it was not finished when it was recorded"
    key = record.keys["train"]
    if weights is None or key is None:
        return None
    source, target = Store(weights), store.folder("train", key)
    if source.record("train", key) is None:
        return f"the store of --use-store has no trained weights with the key {key}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source.folder("train", key).resolve(), target_is_directory=True)
    return None


def _check_store(store: Path) -> None:
    """What no verification made would be compared with itself.

    Raises:
        UserError: if the store holds such entries.
    """
    is_ours = (store / STORE_MARK).exists()
    if store.exists() and not is_ours and (not store.is_dir() or any(store.iterdir())):
        raise UserError(
            f"--store {store} is not empty and not of an earlier verification: name another"
            " folder; to verify from its trained weights, pass it as --use-store."
        )


def _run_and_judge(
    report: RawReport,
    records: Sequence[RawRecord],
    rebuilt: RebuiltPlan,
    store: Store,
    options: RerunOptions,
) -> list[Finding]:
    from benchmark.execution.process_pool import run_trials
    from benchmark.experiment.run_context import RunContext
    from benchmark.export.record_writer import write_records
    from benchmark.runtime.progress import ProgressBoard

    assert rebuilt.suite is not None
    write_text(store.root / STORE_MARK, "Made by python -m benchmark.verify; may be removed.\n")
    names = dict.fromkeys(record.trial for record in records)
    planned = tuple(rebuilt.trials[name] for name in names)
    plan = Plan(rebuilt.suite, options.data_dir, dict(rebuilt.tasks), planned)
    jobs = min(options.jobs, len(planned))
    with ProgressBoard(len(planned), jobs) as board:
        context = RunContext(store, options.device, board.stage)
        for outcome in run_trials(planned, context, jobs):
            board.finished(outcome.trial)
            board.print_line(f"{outcome.trial}: finished")
    fresh = store.root / "report"
    write_records(fresh, plan, store, command=report.run.get("command", ()))
    return judge_all(records, read_raw_report(fresh), exact=options.exact)
