"""Records and artefacts on disk: content-addressed, atomic, resumable, and compared on reading.

An entry is a folder `<kind>/<key>/` that appears complete, by renaming, or not at all; its
`record.json` describes how it was made and has the digests of all that it holds. Work in progress
lives in `<kind>/<key>.partial/` and survives an interruption. A failure is a file
`<kind>/<key>.failed.json` beside it. A damaged entry is renamed to `<kind>/<key>.damaged-1/`, which
nothing reads, and is made again. Who works on what is in `leases/<kind>/<key>/`, see
`benchmark.store.lease`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, get_args

from benchmark.runtime.command_line import note
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import list_digests, remove_unfinished, sync_folder, write_json
from benchmark.store.lease import HeldError, Lease, Owner, find_owner, release_for, take
from benchmark.store.seal import DamagedError, check_files, read_sealed, write_sealed
from benchmark.store.unsealed_entries import check_unsealed

Kind = Literal["train", "operators", "generate", "score", "outputs", "trace", "likelihood"]

TRIAL = "trial"
"""In place of a kind: the lease of a trial, which is held over all of its stages."""
LEASES = "leases"
"""The folder of the leases in a store."""

RECORD = "record.json"

PATIENCE_S = 10.0
"""Seconds that the reader of a damaged entry waits for a process that works on it."""
SILENCE_S = 1.0
"""Seconds after which somebody who waits is told for whom."""
_POLLS_S = (0.02, 0.5)
"""Seconds between two looks at a lease of another process: the first and the longest."""


def content_key(content: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that identify `content`, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    """The entries below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._whole: set[tuple[Kind, str]] = set()
        """Entries whose files were compared: once in a process is enough."""
        self._held: dict[tuple[str, str], Lease] = {}
        """What this process works on."""

    def prepare(self) -> None:
        """Create the folder.

        Raises:
            UserError: if it cannot be written to.
        """
        make_folder(self.root, "--store")

    def folder(self, kind: Kind, key: str) -> Path:
        """Where the entry is, or will be."""
        return self.root / kind / key

    def partial(self, kind: Kind, key: str) -> Path:
        """Where work on the entry is kept until it is finished."""
        return self.root / kind / f"{key}.partial"

    def keys(self, kind: Kind) -> list[str]:
        """Keys of the finished entries of a kind."""
        return sorted(
            path.parent.name
            for path in (self.root / kind).glob(f"*/{RECORD}")
            if _is_key(path.parent.name)
        )

    def record(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """The record of a finished entry; None if there is none.

        A damaged entry is set aside, with a sentence, and counts as missing: it is made again.

        Raises:
            UserError: if the record may not be read.
        """
        if not _is_key(key):
            return None
        try:
            return self._read(kind, key)
        except DamagedError:
            return self._set_aside(kind, key)

    def peek(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """The record of a finished entry, without comparing the files that it is about.

        For looking at what others have finished: weights of gigabytes are not read for it.
        """
        try:
            return read_sealed(self.folder(kind, key) / RECORD)[0]
        except DamagedError:
            return None

    def failure(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """The last failure: `error` (one line) and `traceback`."""
        path = self.root / kind / f"{key}.failed.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {name: str(found[name]) for name in ("error", "traceback")}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return {"error": f"unknown: {path.name} is damaged", "traceback": ""}

    def failure_mark(self, kind: Kind, key: str) -> tuple[int, ...] | None:
        """What tells the last failure from later ones; None if there is none."""
        try:
            found = (self.root / kind / f"{key}.failed.json").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def fail(self, kind: Kind, key: str, *, error: str, traceback: str) -> None:
        """Record a failure with its traceback."""
        path = self.root / kind / f"{key}.failed.json"
        write_json(path, {"error": error, "traceback": traceback})

    def forget(self, kind: Kind, key: str) -> None:
        """Remove an entry, its unfinished work and its failure.

        What another process works on at this moment is new, and stays.
        """
        if not (self.root / kind).is_dir():
            return
        with suppress(HeldError), self.lock(kind, key, timeout_s=0.0):
            self._remove(self.folder(kind, key))
            self._remove(self.partial(kind, key))
            (self.root / kind / f"{key}.failed.json").unlink(missing_ok=True)

    @contextmanager
    def lock(
        self, kind: str, key: str, *, timeout_s: float | None = None, what: str = ""
    ) -> Iterator[None]:
        """Keep other processes from making the same entry; a lock may be taken within itself.

        Args:
            kind: of the entry, or `TRIAL`.
            key: of the entry.
            timeout_s: seconds to wait for another process; None: until it has finished.
            what: is worked on, for others to read.

        Raises:
            HeldError: if another process has the lock for longer.
        """
        if (kind, key) in self._held:
            yield
            return
        lease = self._take(kind, key, timeout_s, what or f"{kind} {key}")
        self._held[kind, key] = lease
        try:
            yield
        finally:
            del self._held[kind, key]
            lease.release()

    def find_owner(self, kind: str, key: str) -> Owner | None:
        """The other process that works on an entry or a trial; None if there is none."""
        return None if (kind, key) in self._held else find_owner(self._lease_folder(kind, key))

    def release_for(self, kind: str, key: str, place: str, pids: Collection[int]) -> None:
        """Let go in place of processes that have ended; see `benchmark.store.lease`."""
        release_for(self._lease_folder(kind, key), place, pids)

    def check_held(self, kind: str, key: str) -> None:
        """Make sure that what this process has locked is still its own.

        Raises:
            LeaseLostError: if this process stood still and another one has taken over.
        """
        if (kind, key) in self._held:
            self._held[kind, key].check()

    def _take(self, kind: str, key: str, timeout_s: float | None, what: str) -> Lease:
        started, pause_s, told = time.monotonic(), _POLLS_S[0], ""
        while True:
            try:
                return take(self._lease_folder(kind, key), what)
            except HeldError as held:
                waited_s = time.monotonic() - started
                if timeout_s is not None and waited_s >= timeout_s:
                    raise
                if waited_s > SILENCE_S and held.owner.token != told:
                    told = held.owner.token
                    note(f"note: waiting for {held.owner.what}: {held.owner} works on it.")
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _POLLS_S[1])

    def _lease_folder(self, kind: str, key: str) -> Path:
        return self.root / LEASES / kind / key

    def finish(
        self, kind: Kind, key: str, record: Mapping[str, Any], *, scratch: Collection[str] = ()
    ) -> None:
        """Turn the folder `partial` into the entry, with its record.

        Where this process has locked the entry, the record has `stage_s`, the seconds since then.

        Args:
            kind: of the entry.
            key: of the entry.
            record: of the stage.
            scratch: files and folders that are no part of the entry, removed once it stands.

        Raises:
            LeaseLostError: if this process had locked it, and has lost it to another.
        """
        self.check_held(kind, key)
        if (held := self._held.get((kind, key))) is not None:
            record = {**record, "stage_s": round(held.age_s, 3)}
        partial, folder = self.partial(kind, key), self.folder(kind, key)
        partial.mkdir(parents=True, exist_ok=True)
        for place in (partial, *(path for path in partial.rglob("*") if path.is_dir())):
            remove_unfinished(place)
        files = list_digests(partial, without=(RECORD, *scratch))
        write_sealed(partial / RECORD, record, files)
        sync_folder(partial)
        self._remove(folder)
        partial.replace(folder)
        self._whole.add((kind, key))
        (self.root / kind / f"{key}.failed.json").unlink(missing_ok=True)
        for path in (folder / name for name in scratch):
            shutil.rmtree(path, ignore_errors=True)
            # The entry is whole, whatever cannot be removed.
            with suppress(OSError):
                path.unlink()

    def set_aside(self, kind: Kind, key: str, why: str) -> None:
        """Rename an entry that is not what it says, and say so; what it holds is kept.

        With it go the entries that versions which compared nothing may have made from it.

        Args:
            kind: of the entry.
            key: of the entry.
            why: a clause.
        """
        folder, others = self.folder(kind, key), self._find_descendants(kind, key)
        for other in others:
            with self.lock(*other, timeout_s=PATIENCE_S):
                self._rename(*other)
        name = self._rename(kind, key)
        also = f", with {len(others)} that may have been made from it," if others else ""
        if name is not None:
            # What was entered from files can only be entered again.
            then = "" if kind == "outputs" else " and is made again"
            note(f"note: {folder} is damaged ({why}): it was set aside as {name}{also}{then}.")

    def _read(self, kind: Kind, key: str) -> dict[str, Any] | None:
        folder = self.folder(kind, key)
        if not os.path.lexists(folder):
            return None
        record, files = read_sealed(folder / RECORD)
        if (kind, key) not in self._whole:
            if files is None:
                check_unsealed(kind, folder, record)
            else:
                check_files(folder, files)
            self._whole.add((kind, key))
        return record

    def _set_aside(self, kind: Kind, key: str) -> dict[str, Any] | None:
        try:
            with self.lock(kind, key, timeout_s=PATIENCE_S):
                try:
                    return self._read(kind, key)  # another process may have made it again
                except DamagedError as why:
                    self.set_aside(kind, key, str(why))
        except HeldError:
            return None
        except OSError as error:
            folder, why_not = self.folder(kind, key), error.strerror or error
            note(f"note: {folder} is damaged and cannot be set aside ({why_not}).")
        return None

    def _rename(self, kind: Kind, key: str) -> str | None:
        """The name that an entry has now; None if another process was faster."""
        folder = self.folder(kind, key)
        self._whole.discard((kind, key))
        taken = {path.name for path in folder.parent.glob(f"{key}.damaged-*")}
        number = next(n for n in range(1, len(taken) + 2) if f"{key}.damaged-{n}" not in taken)
        try:
            folder.rename(folder.with_name(f"{key}.damaged-{number}"))
        except FileNotFoundError:
            return None
        return f"{key}.damaged-{number}"

    def _find_descendants(self, kind: Kind, key: str) -> list[tuple[Kind, str]]:
        """Entries without a seal that name the entry, or its candidates, and those that name them.

        Whoever made them did not compare what they were made from.
        """
        digest = None
        with suppress(DamagedError):
            digest = read_sealed(self.folder(kind, key) / RECORD)[0].get("candidates_digest")
        found: list[tuple[Kind, str]] = []
        for other in get_args(Kind):
            for name in self.keys(other) if other != kind else ():
                with suppress(DamagedError):
                    record, files = read_sealed(self.folder(other, name) / RECORD)
                    is_of = other == "score" and digest == record.get("candidates_digest", "")
                    if files is None and (is_of or record.get(kind) == key):
                        found += [(other, name), *self._find_descendants(other, name)]
        return list(dict.fromkeys(found))

    def _remove(self, folder: Path) -> None:
        """Remove a folder at once, as a reader sees it, and what an interruption left of others."""
        stem = folder.name.partition(".")[0]
        for left in folder.parent.glob(f"{stem}.removed-*"):
            shutil.rmtree(left, ignore_errors=True)
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            gone = folder.with_name(f"{stem}.removed-{uuid.uuid4().hex}")
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def _is_key(name: str) -> bool:
    """Whether a name is that of an entry: what else stands beside entries has a suffix."""
    return "." not in name
