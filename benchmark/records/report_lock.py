"""One writer at a time in a report folder, and no trace of writers that were killed.

The lock is a lease beside the folder, `.NAME.lease/`, or `.lease/` in it where its parent cannot be
written. It may stay: what counts is which process has it, see `benchmark.store.lease`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.records.record_files import KINDS
from benchmark.runtime.command_line import note
from benchmark.store.files import remove_unfinished
from benchmark.store.lease import HeldError, Lease, take

PATIENCE_S = 1.0
"""Seconds after which a wait is announced."""
POLL_S = 0.2
"""Seconds between two looks at the lock of another process."""

_held: set[Path] = set()
"""Folders that this process has locked: a lock may be taken within itself."""


@contextmanager
def hold_report(folder: Path, *, create: bool = False) -> Iterator[None]:
    """Keep other processes from writing into a report folder; wait for one that does.

    A folder that cannot be written is not locked: nothing is written there.

    Args:
        folder: of the report.
        create: whether it is about to be made; else one that is missing is not locked.
    """
    place = folder.resolve()
    if place in _held or not (create or place.is_dir()):
        yield
        return
    lock = _acquire(place)
    if lock is None:
        yield
        return
    _held.add(place)
    try:
        _tidy(place)
        yield
    finally:
        _held.discard(place)
        lock.release()


def _acquire(place: Path) -> Lease | None:
    for folder in (place.with_name(f".{place.name}.lease"), place / ".lease"):
        started, told = time.monotonic(), False
        while True:
            try:
                return take(folder, f"the report {place}")
            except HeldError as held:
                if not told and time.monotonic() - started > PATIENCE_S:
                    told = True
                    note(f"note: waiting for the report {place}: {held.owner} writes it.")
                time.sleep(POLL_S)
            except OSError:
                break
    return None


def _tidy(place: Path) -> None:
    """Put back records that were being replaced, and remove what was being written."""
    if not place.is_dir():
        return
    records = place / "records"
    replaced = sorted(place.glob(".records-*.old"), key=lambda path: path.stat().st_mtime)
    if replaced and not records.exists():
        replaced.pop().rename(records)
    for left in (*replaced, *place.glob(".records-*.tmp")):
        shutil.rmtree(left, ignore_errors=True)
    # Versions up to 0.5.0 wrote there.
    older = place / "records.tmp"
    if older.is_dir() and {path.name for path in older.iterdir()} <= {*KINDS, "run.json"}:
        shutil.rmtree(older, ignore_errors=True)
    for folder in (place, *(place / name for name in ("tables", "figures", "paper"))):
        remove_unfinished(folder)
