"""Rerun trials of a report in a store of their own, and compare their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.store import provenance
from benchmark.store.entries import Store
from benchmark.store.files import write_text
from benchmark.verification.findings import Finding
from benchmark.verification.plan_from_records import RebuiltPlan
from benchmark.verification.raw_records import RawRecord, RawReport, read_raw_report
from benchmark.verification.verdict import judge_all

STORE_MARK = "verification.txt"
"""A file that distinguishes a store of a verification from one that a report was made from."""


def rerun(
    report: RawReport,
    records: Sequence[RawRecord],
    rebuilt: RebuiltPlan,
    *,
    store: Path | None,
    weights: Path | None,
    device: str,
    jobs: int,
    data_dir: Path | None,
    exact: bool = False,
) -> list[Finding]:
    """Rerun the trials of `records` and compare each record with the new one.

    Args:
        report: the one that is verified.
        records: those of its records that are.
        rebuilt: their plan.
        store: where finished stages are kept, to resume; None: a folder that is removed at the end.
        weights: a store whose trained systems are used; None: everything is trained again.
        device: as of `benchmark.run`.
        jobs: trials at once.
        data_dir: folder of real data.
        exact: require equal bytes on other devices too.

    Raises:
        UserError: if the store cannot be used.
    """
    origin = _describe_origin(weights)
    if store is not None:
        _check_store(store, origin)
    with TemporaryDirectory(prefix="benchmark-verify-") as temporary:
        work = Store(store or Path(temporary))
        work.prepare()
        write_text(work.root / STORE_MARK, origin)
        obstacles = [_find_obstacle(record, rebuilt, work, weights) for record in records]
        able = [r for r, why in zip(records, obstacles, strict=True) if why is None]
        found: Iterator[Finding] = iter(())
        if able:
            assert rebuilt.suite is not None
            names = dict.fromkeys(record.trial for record in able)
            trials = tuple(rebuilt.trials[name] for name in names)
            plan = Plan(rebuilt.suite, data_dir, dict(rebuilt.tasks), trials)
            fresh = _run(plan, work, device, jobs, report.run.get("command", ()))
            found = iter(judge_all(able, fresh, exact=exact))
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
        target.unlink(missing_ok=True)  # a link to where the weights were before
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source.folder("train", key).resolve(), target_is_directory=True)
    return None


def _describe_origin(weights: Path | None) -> str:
    """The mark of a store: what else than its entries decides what is in them."""
    of = "trained again" if weights is None else str(weights.resolve())
    return (
        "Made by python -m benchmark.verify; may be removed.\n"
        f"weights: {of}\ncode: {provenance.code()['digest']}\n"
    )


def _check_store(store: Path, origin: str) -> None:
    """What no verification made, or one of other weights or code, would be compared with itself.

    Raises:
        UserError: if the store holds such entries.
    """
    mark = store / STORE_MARK
    is_ours = mark.exists()
    if store.exists() and not is_ours and (not store.is_dir() or any(store.iterdir())):
        raise UserError(
            f"--store {store} is not empty and not of an earlier verification: name another"
            " folder; to verify from its trained weights, pass it as --use-store."
        )
    if is_ours and mark.read_text(encoding="utf-8", errors="replace") != origin:
        raise UserError(
            f"--store {store} is of a verification by other code or from other weights: name"
            " another folder, or remove this one."
        )


def _run(plan: Plan, store: Store, device: str, jobs: int, command: Sequence[str]) -> RawReport:
    """Run all trials; their report, with `command` as the one that made it."""
    from benchmark.execution.process_pool import run_trials
    from benchmark.experiment.run_context import RunContext
    from benchmark.export.record_writer import write_records
    from benchmark.runtime.progress import ProgressBoard

    jobs = min(jobs, len(plan.trials))
    with closing(ProgressBoard(len(plan.trials), jobs)) as board:
        context = RunContext(store, device, board.stage)
        for outcome in run_trials(plan.trials, context, jobs):
            board.finished(outcome.trial)
            board.print_line(f"{outcome.trial}: finished")
    write_records(store.root / "report", plan, store, command=command)
    return read_raw_report(store.root / "report")
