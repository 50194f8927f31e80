"""Paths that a command writes to, checked before it works for minutes or hours."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.api import UserError


def make_folder(folder: Path, flag: str, *, named: Path | None = None) -> None:
    """Create the folder unless it exists.

    Args:
        folder: to create.
        flag: names another folder; part of the message.
        named: the folder that the user knows, where `folder` is a temporary one in or beside it.

    Raises:
        UserError: if it cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"The folder {named or folder} cannot be written ({error.strerror}): name another with"
            f" {flag}."
        ) from error


LONGEST_NAME = 200
"""Bytes of the name of a folder."""


def check_name(name: str, where: str) -> None:
    """Check that a name is one of a folder, and no path that leads elsewhere.

    Args:
        name: of a folder in one that the user knows.
        where: what gives the name; the beginning of the message.

    Raises:
        UserError: if it is not.
    """
    parts = not name.strip() or name != name.strip() or name.startswith(".") or {*name} & {*"/\\"}
    if parts or not name.isprintable():
        raise UserError(
            f"{where} {name!r}: give a name without slashes, control characters, or a dot at its"
            " beginning; it becomes a folder."
        )
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise UserError(f"{where} {name[:20]}…: give a name of {LONGEST_NAME} bytes at most.")


def check_output(path: Path | None, flag: str = "--output") -> None:
    """Check that the file of a flag, if there is one, can be written; creates its folder.

    Raises:
        UserError: if it cannot.
    """
    if path is None:
        return
    if not path.name or path.is_dir():
        raise UserError(f"{flag} {path} is a folder: name a file.")
    if path.exists() and not path.is_file():
        raise UserError(f"{flag} {path} is a device or a pipe and would be replaced: name a file.")
    make_folder(path.parent, flag)
