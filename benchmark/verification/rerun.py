"""Make cells of a report again in a store of their own, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.store.entries import Store
from benchmark.store.files import write_text
from benchmark.verification.findings import Finding
from benchmark.verification.kept_report import StoredCell, StoredReport, read_stored
from benchmark.verification.plan_from_records import Rebuilt
from benchmark.verification.verdict import judge_all

STORE_MARK = "verification.txt"
"""A file that tells a store of this room from one whose entries a report was made of."""


@dataclass(frozen=True, slots=True)
class RerunOptions:
    """What a rerun has at hand."""

    store: Path | None
    """Where it works, and goes on after a kill; None: a folder that is removed at the end."""
    weights: Path | None
    """A store whose trained systems are taken; None: everything is trained anew."""
    device: str
    jobs: int
    data_dir: Path | None
    exact: bool = False
    """Whether to hold to bytes on other devices too."""


def rerun(
    report: StoredReport, cells: Sequence[StoredCell], rebuilt: Rebuilt, options: RerunOptions
) -> list[Finding]:
    """Make `cells` again and compare each with its record.

    Raises:
        UserError: if the store cannot be used.
    """
    with _work_folder(options.store) as root:
        store = Store(root)
        store.prepare()
        reasons = [_why_not(cell, rebuilt, store, options.weights) for cell in cells]
        able = [cell for cell, why in zip(cells, reasons, strict=True) if why is None]
        found = iter(_run_and_judge(report, able, rebuilt, store, options) if able else [])
        return [
            next(found) if why is None else Finding(cell.subject, "cannot be checked", (why,))
            for cell, why in zip(cells, reasons, strict=True)
        ]


def _why_not(cell: StoredCell, rebuilt: Rebuilt, store: Store, weights: Path | None) -> str | None:
    """Why a setting cannot be made again; None if it can."""
    obstacle = rebuilt.obstacle(cell)
    if obstacle is not None:
        return obstacle.said
    if cell.line["status"] == "missing":
        return "it was not finished when it was recorded"
    return None if weights is None else _link_weights(cell, weights, store)


@contextmanager
def _work_folder(store: Path | None) -> Iterator[Path]:
    """The folder to work in.

    Raises:
        UserError: if it holds what this room has not made: that would be compared with itself.
    """
    if store is None:
        with TemporaryDirectory(prefix="benchmark-verify-") as folder:
            yield Path(folder)
        return
    if (
        store.exists()
        and not (store / STORE_MARK).exists()
        and (not store.is_dir() or any(store.iterdir()))
    ):
        raise UserError(
            f"--store {store} is not empty and not of an earlier verification: name another"
            " folder; to verify from its trained weights name it with --use-store."
        )
    yield store


def _link_weights(cell: StoredCell, weights: Path, store: Store) -> str | None:
    """Link the trained system of a cell into the store; why not, if it is not there."""
    key = cell.train_key
    if key is None:
        return None
    source, target = Store(weights), store.folder("train", key)
    if source.record("train", key) is None:
        return f"the store of --use-store has no trained weights with the key {key}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source.folder("train", key).resolve(), target_is_directory=True)
    return None


def _run_and_judge(
    report: StoredReport,
    cells: Sequence[StoredCell],
    rebuilt: Rebuilt,
    store: Store,
    options: RerunOptions,
) -> list[Finding]:
    from benchmark.execution.process_pool import run_trials
    from benchmark.experiment.run_context import RunContext
    from benchmark.export.record_writer import write_records
    from benchmark.runtime.progress import ProgressBoard

    assert rebuilt.suite is not None
    write_text(store.root / STORE_MARK, "Made by python -m benchmark.verify; may be removed.\n")
    names = dict.fromkeys(cell.name for cell in cells)
    planned = tuple(rebuilt.trials[name] for name in names)
    plan = Plan(rebuilt.suite, options.data_dir, dict(rebuilt.tasks), planned)
    jobs = min(options.jobs, len(planned))
    with closing(ProgressBoard(len(planned), jobs)) as board:
        context = RunContext(store, options.device, board.stage)
        for outcome in run_trials(planned, context, jobs):
            board.finished(outcome.trial)
            board.print_line(f"{outcome.trial}: made")
    fresh = store.root / "report"
    write_records(fresh, plan, store, command=report.run.get("command", ()))
    return judge_all(cells, read_stored(fresh), exact=options.exact)
