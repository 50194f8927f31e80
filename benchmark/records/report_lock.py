"""One writer at a time in a report folder, and no trace of writers that were killed.

The lock is a lease beside the folder, `.NAME.lease/`, or `.lease/` in it where its parent cannot be
written. It may stay: what counts is which process has it, see `benchmark.store.lease`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.records.record_files import KINDS
from benchmark.store.files import remove_unfinished
from benchmark.store.lease import Lease
from benchmark.store.lease_wait import wait_for_lease

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
        with suppress(OSError):
            return wait_for_lease(folder, f"the report {place}")
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
