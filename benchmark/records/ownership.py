"""Whether a folder `records/` is one of this package: what is somebody else's is never replaced."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.api import UserError
from benchmark.api.regular_file import check_regular
from benchmark.records.record_files import KINDS

_OF_RUN = ("run", "suite", "tasks", "systems")


def check_own_records(report: Path) -> None:
    """Refuse a report folder whose `records/` was not written by this package.

    Raises:
        UserError: if it was not.
    """
    records = report / "records"
    if not _is_there(records):
        return
    if records.is_symlink() or not records.is_dir() or not _is_own(records):
        raise UserError(
            f"{records} is not of this package and would be replaced: give the report another name"
            " or folder, or move it away."
        )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_own(records: Path) -> bool:
    names = [path.name for path in records.iterdir()]
    if not names:
        return True
    try:
        check_regular(records / "run.json")
        run = json.loads((records / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        run = None
    if isinstance(run, dict) and all(name in run for name in _OF_RUN):
        return True
    # Damaged, or cut by a full disk: it has trials, and nothing but what this package writes.
    kinds = {name.partition("-")[0].partition(".")[0] for name in names}
    return {"run", "cells"} <= kinds <= {"run", *KINDS} and "run.json" in names
