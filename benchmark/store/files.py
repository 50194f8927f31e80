"""Files written atomically, and digests of their content."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Collection
from pathlib import Path

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.tmp|\.tmp[0-9A-Za-z]{6}")
"""Names that `unfinished` and safetensors give to what is being written."""


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_digests(folder: Path, *, without: Collection[str] = ()) -> dict[str, str]:
    """SHA-256 of every file below `folder` by its name there.

    Args:
        folder: of the files.
        without: names of files, and of folders in `folder`, that are left out.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    left_out = {*without}
    return {
        name: file_digest(path)
        for name, path in names.items()
        if left_out.isdisjoint((name, name.partition("/")[0]))
    }


def folder_digest(folder: Path, *, without: Collection[str] = ()) -> str:
    """SHA-256 of the names and contents of the files of `list_digests`, hexadecimal."""
    found = list_digests(folder, without=without)
    return hashlib.sha256("".join(f"{n} {d}\n" for n, d in found.items()).encode()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a file atomically, so that it is complete or absent even after a power cut."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """As `write_text`, for bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = unfinished(path)
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def unfinished(path: Path) -> Path:
    """A name beside `path` that no other process or thread uses, for what is being written."""
    # The name of a file may already be as long as a file system allows.
    return path.with_name(f".{uuid.uuid4().hex}.tmp")


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in `folder`; nothing may be writing there."""
    for path in folder.glob(".*tmp*"):
        if _UNFINISHED.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def make_empty(folder: Path) -> Path:
    """`folder`, without what a killed writer left in it, which a digest of it would count."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_gzip(path: Path, data: bytes) -> None:
    """Write `data` compressed, without name and timestamp: equal content gives equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(data)


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON, atomically.

    Raises:
        ValueError: for NaN or infinity, which JSON does not have.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def json_line(value: object) -> str:
    """`value` as one line of JSON."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def sync_folder(folder: Path) -> None:
    """Flush the files of `folder` to disk, so that no rename takes effect before their content."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
