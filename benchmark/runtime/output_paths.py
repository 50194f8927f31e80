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


def check_output(path: Path | None) -> None:
    """Check that the file of `--output`, if there is one, can be written; creates its folder.

    Raises:
        UserError: if it cannot.
    """
    if path is not None:
        make_folder(path.parent, "--output")
        if path.is_dir():
            raise UserError(f"--output {path} is a folder: name a file.")
