"""Refuse to read what is no file: a pipe waits for a writer, and a device may never end."""

from __future__ import annotations

import stat
from pathlib import Path

from benchmark.api.types import UserError

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_regular(path: Path) -> None:
    """Refuse a pipe, a socket or a device; what is not there is left to who reads it.

    Raises:
        UserError: if it is one.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise UserError(f"{path} is {name} and no file: write its content to a file first.")
