"""The lines of a file, plain or gzip, and the fields of a line of JSON."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.api.regular_file import check_regular
from benchmark.runtime.json_format import RepeatedKeyError, read_json

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file without line ends; gzip is recognised by its first bytes.

    Raises:
        UserError: if the file cannot be read, is empty, or is not UTF-8.
    """
    check_regular(path)
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path} is not a complete gzip file ({error}): download it or compress it again."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data.startswith(_UTF_16):
        raise UserError(f"{path} is UTF-16: save it as UTF-8.")
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        byte = error.start - data.rfind(b"\n", 0, error.start)
        raise UserError(
            f"{path}, line {number}: byte {byte} is not UTF-8: save the file as UTF-8."
        ) from error
    if "\r" in text and "\n" not in text.rstrip("\r\n"):
        raise UserError(
            f"{path} ends its lines with carriage returns alone: save it with line feeds."
        )
    # Not `splitlines`, which would also split at line separators within a text.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise UserError(f"{path} is empty: name a file of outputs.")
    return lines


def json_lines(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """(file and line, object) of every line; empty lines at the end are skipped.

    Raises:
        UserError: if there is no line, one is not a JSON object, or one has text that UTF-8 cannot
            encode.
    """
    lines = read_lines(path)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise UserError(f"{path} has only empty lines: name a file of outputs.")
    return [
        (where, _fields(line, where))
        for number, line in enumerate(lines, start=1)
        for where in [f"{path}, line {number}"]
    ]


def _fields(line: str, where: str) -> dict[str, Any]:
    if not line.strip():
        raise UserError(f"{where} is empty: remove it.")
    try:
        fields = read_json(line)
    except RepeatedKeyError as error:
        raise UserError(f"{where}: the key {error} stands twice: keep one of them.") from error
    except json.JSONDecodeError as error:
        raise UserError(
            f"{where} is not JSON ({error.msg} at character {error.colno}):"
            ' write one object per line, such as {"id": "test-1", "candidates": ["..."]}.'
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{where} is not readable JSON ({error}): write one object per line."
        ) from error
    if not isinstance(fields, dict):
        raise UserError(f"{where} is not a JSON object: write one object per line.")
    check_texts(fields, where)
    return fields


def check_texts(fields: dict[str, Any], where: str) -> None:
    """Refuse text that UTF-8 cannot encode.

    Raises:
        UserError: if there is some; only an escape can produce half a surrogate pair.
    """
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{where} holds half a surrogate pair: write the text as UTF-8.") from error


def text_field(fields: Mapping[str, Any], key: str, where: str) -> str:
    """The text under a key.

    Raises:
        UserError: if it is missing or not a string.
    """
    if key not in fields:
        raise UserError(f'{where}: the key "{key}" is missing: add it.')
    value = fields[key]
    if not isinstance(value, str):
        mend = "write it in quotes" if isinstance(value, int | float) else "write one string"
        raise UserError(f'{where}: "{key}" is not a string: {mend}.')
    return value
