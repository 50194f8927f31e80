"""Sealed records: JSON that says by digest what it holds and what the files beside it hold.

The last line of a sealed record is the digest of all lines above it, so that every changed byte of
it is noticed; its field `files` has the digests of the files below its folder. Records of earlier
versions have no seal and are read as they are, see `benchmark.store.unsealed_entries`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.store.files import file_digest, write_text

FILES = "files"
"""The field that holds the digests of the files."""

_SEAL = ',\n "sealed": "'
_END = '"\n}\n'


class DamagedError(Exception):
    """What is wrong with a record or a file, as a clause."""


def write_sealed(path: Path, values: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Write a record with its seal, atomically.

    Args:
        path: of the record.
        values: what it says.
        files: digests of the files that belong to it, by name; see `files.list_digests`.

    Raises:
        ValueError: for NaN or infinity, which JSON does not have.
    """
    sealed = {**values, FILES: dict(files)}
    text = json.dumps(sealed, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(path, f"{text.removesuffix(chr(10) + '}')}{_SEAL}{_digest(text)}{_END}")


def read_sealed(path: Path) -> tuple[dict[str, Any], dict[str, str] | None]:
    """What a record says, and the digests of its files; None for these where it has no seal.

    Raises:
        DamagedError: if it is missing, is no JSON object, or is not what was written.
        UserError: if it may not be read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except PermissionError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give yourself access.") from (
            error
        )
    except FileNotFoundError as error:
        raise DamagedError(f"{path.name} is missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(f"{path.name} cannot be read") from error
    above, seal, digest = text.rpartition(_SEAL)
    if seal:
        text = above + "\n}"
        if digest != _digest(text) + _END:
            raise DamagedError(f"{path.name} is not what was written")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path.name} is no JSON") from error
    if not isinstance(values, dict):
        raise DamagedError(f"{path.name} is no JSON object")
    if not seal:
        if FILES in values:
            raise DamagedError(f"{path.name} has lost its seal")
        return values, None
    return values, values.pop(FILES)


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Compare the files below `folder` with their digests; others that stand there do not matter.

    Raises:
        DamagedError: naming the first that is missing or has changed.
    """
    for name, digest in files.items():
        try:
            found = file_digest(folder / name)
        except FileNotFoundError as error:
            raise DamagedError(f"{name} is missing") from error
        except OSError as error:
            raise DamagedError(f"{name} cannot be read") from error
        if found != digest:
            raise DamagedError(f"{name} is not what was written")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
