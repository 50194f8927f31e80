"""Records and artefacts on disk: content-addressed, atomic, resumable.

An entry is a folder `<kind>/<key>/` that appears complete, by renaming, or not at all; its
`record.json` describes how it was made. Work in progress lives in `<kind>/<key>.partial/` and
survives an interruption. A failure is a file `<kind>/<key>.failed.json` beside it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import sync_folder, write_json

Kind = Literal["train", "operators", "generate", "score", "outputs", "trace", "likelihood"]


def content_key(content: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that identify `content`, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    """The entries below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

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

    def record(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """The record of a finished entry; None if there is none.

        An unreadable record counts as missing: it is made again.
        """
        return _read_json(self.folder(kind, key) / "record.json")

    def failure(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """The last failure: `error` (one line) and `traceback`."""
        return _read_json(self.root / kind / f"{key}.failed.json")

    def fail(self, kind: Kind, key: str, *, error: str, traceback: str) -> None:
        """Record a failure with its traceback."""
        path = self.root / kind / f"{key}.failed.json"
        write_json(path, {"error": error, "traceback": traceback})

    def forget(self, kind: Kind, key: str) -> None:
        """Remove an entry, its unfinished work and its failure."""
        for folder in (self.folder(kind, key), self.partial(kind, key)):
            shutil.rmtree(folder, ignore_errors=True)
        (self.root / kind / f"{key}.failed.json").unlink(missing_ok=True)

    @contextmanager
    def lock(self, kind: Kind, key: str) -> Iterator[None]:
        """Keep other processes from making the same entry."""
        path = self.root / kind / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(path)):
            yield

    def finish(self, kind: Kind, key: str, record: Mapping[str, Any]) -> None:
        """Turn the folder `partial` into the entry, with its record."""
        partial, folder = self.partial(kind, key), self.folder(kind, key)
        partial.mkdir(parents=True, exist_ok=True)
        write_json(partial / "record.json", record)
        sync_folder(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
        (self.root / kind / f"{key}.failed.json").unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
