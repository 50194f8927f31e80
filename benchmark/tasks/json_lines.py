"""Real data in the format of DiffuSeq: one JSON object per line, ``{"src": ..., "trg": ...}``.

``"refs"`` may list all references, the first of which is ``trg``. Other keys are allowed, ignored
and counted; so are empty references after the first.

Texts are kept as they are. UTF-8, with or without a byte order mark; lines end in LF or CR LF.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from benchmark.api import Example, UserError
from benchmark.api.regular_file import check_regular
from benchmark.runtime.json_format import RepeatedKeyError, read_json
from benchmark.tasks.splits import Split

KEYS = frozenset({"src", "trg", "refs"})
OTHER_NAMES: Mapping[str, frozenset[str]] = {
    "src": frozenset(
        {"source", "input", "inputs", "question", "query", "prompt", "sentence", "document",
         "article", "dialogue"}
    ),
    "trg": frozenset(
        {"target", "tgt", "output", "outputs", "answer", "response", "completion", "summary",
         "highlights", "label"}
    ),
    "refs": frozenset({"references", "reference", "ref", "targets", "answers", "labels"}),
    "text": frozenset({"sentence", "content"}),
}  # fmt: skip
"""What others call the keys."""
DISTILLED = "distilled.json"
"""File in the folder of a distilled task; its key `task` names the original task."""

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


@dataclass
class Lines:
    """The examples of a split, and the numbers of ignored keys and omitted references."""

    examples: list[Example] = field(default_factory=list)
    ignored_keys: dict[str, int] = field(default_factory=dict)
    empty_references: int = 0
    left_out: int = 0
    """Rows without a source or a target."""
    columns: tuple[str, ...] = ()
    """The columns that were read, of source, target and references, where they are others."""


def read_origin(folder: Path) -> str | None:
    """The task that the one in `folder` was distilled from; None if it was not distilled.

    Raises:
        UserError: if the file that records it cannot be read.
    """
    path = folder / DISTILLED
    if not path.is_file():
        return None
    try:
        return str(read_json(path.read_text(encoding="utf-8"))["task"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} does not name its task: distil the task again.") from error


def read_jsonl(path: Path, split: Split) -> Lines:
    """Read and check one file; ids are ``<split>-<line number>``.

    Raises:
        UserError: if the file cannot be read, holds no example, or has a bad line; the message
            names file, line number and reason.
    """
    lines = Lines()
    for number, fields in read_objects(path):
        example = _example(path, number, split, fields)
        lines.examples.append(example)
        if len(fields) > 2:
            given = len(fields.get("refs", example.references))
            lines.empty_references += given - len(example.references)
            for key in fields.keys() - KEYS:
                lines.ignored_keys[key] = lines.ignored_keys.get(key, 0) + 1
    lines.ignored_keys = dict(sorted(lines.ignored_keys.items()))
    return lines


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of one file with the numbers of their lines.

    Raises:
        UserError: if the file cannot be read, is empty, or a line is no JSON object.
    """
    blank = number = 0
    for number, raw in enumerate(raw_lines(path), start=1):
        if not raw.strip():
            blank = blank or number
            continue
        if blank:
            fail(path, blank, "the line is empty", "remove it")
        yield number, _parse(path, number, raw)
    if number == 0 or blank == 1:
        raise UserError(f"{path} has no examples: fill it, or remove it if no such split is meant")


def raw_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, which may be packed, with their ends and without a byte order mark.

    Raises:
        UserError: if it cannot be read.
    """
    check_regular(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            first = file.readline().removeprefix(_BOM)
            if path.suffix != ".gz" and first.startswith(_GZIP):
                raise UserError(f"{path} holds gzip data: name it {path.name}.gz")
            yield first
            yield from file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path} is not a complete gzip file ({error}): download it or compress it again"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def decode_line(path: Path, number: int, raw: bytes) -> str:
    """The text of a line.

    Raises:
        UserError: if it is not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        fail(path, number, f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8")


def _parse(path: Path, number: int, raw: bytes) -> dict[str, Any]:
    text = decode_line(path, number, raw)
    try:
        fields = read_json(text)
    except RepeatedKeyError as error:
        fail(path, number, f"the key {error} occurs twice", "keep one of them")
    except json.JSONDecodeError as error:
        reason = f"not JSON ({error.msg} at character {error.colno})"
        fail(path, number, reason, 'write one object like {"src": "...", "trg": "..."}')
    except (ValueError, RecursionError) as error:
        fail(path, number, f"not JSON that can be read ({error})", "write plain text fields")
    if not isinstance(fields, dict):
        reason = f"not a JSON object but {kind(fields)}"
        fail(path, number, reason, 'write one object like {"src": "...", "trg": "..."}')
    # Only an escape can produce a lone surrogate, which UTF-8 cannot encode.
    if "\\u" in text:
        for key in fields:
            try:
                json.dumps(fields[key], ensure_ascii=False).encode()
            except UnicodeEncodeError:
                fail(path, number, f'"{key}" holds half a surrogate pair', "write it as UTF-8")
    return fields


def _example(path: Path, number: int, split: Split, fields: dict[str, Any]) -> Example:
    source, references = read_text(path, number, fields, "src"), read_targets(path, number, fields)
    return Example(f"{split}-{number}", source, references[0], references)


def read_text(path: Path, number: int, fields: Mapping[str, Any], key: str) -> str:
    """The text under a key of a line, which must not be empty.

    Raises:
        UserError: if it is missing, empty or no text.
    """
    if key not in fields:
        close = [name for name in fields if name.strip().lower() in {key, *OTHER_NAMES[key]}]
        fail(
            path,
            number,
            f'the key "{key}" is missing',
            f'rename "{close[0]}"' if close else "add it",
        )
    value = fields[key]
    if not isinstance(value, str):
        fail(path, number, f'"{key}" is not a string but {kind(value)}', _mend(key, value))
    if not value.strip():
        fail(path, number, f'"{key}" is empty', "fill it or remove the line")
    return value


def _mend(key: str, value: object) -> str:
    """What makes a text of a value that is none."""
    if isinstance(value, list) and key == "trg":
        return 'write the first as "trg", and all of them in "refs"'
    if isinstance(value, list):
        return "write one string, its parts joined"
    if isinstance(value, dict):
        return "write the string that is meant"
    return "fill it or remove the line" if value is None else "write it in quotes"


def read_targets(path: Path, number: int, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The target of a line and its further references.

    Raises:
        UserError: if one of them is missing, empty or no text, or the target is not the first.
    """
    target = read_text(path, number, fields, "trg")
    references = fields.get("refs", [target])
    if not isinstance(references, list):
        reason = f'"refs" is not a list but {kind(references)}'
        fail(path, number, reason, "list the references, trg first")
    for index, reference in enumerate(references):
        if not isinstance(reference, str):
            reason = f'"refs"[{index}] is not a string but {kind(reference)}'
            fail(path, number, reason, _mend("refs", reference))
    if not references or references[0] != target:
        fail(path, number, '"refs"[0] is not equal to "trg"', "put trg first in refs")
    # An empty additional reference is not a valid target; a published file has one.
    return tuple(reference for reference in references if reference.strip())


def fail(path: Path, number: int, reason: str, fix: str) -> NoReturn:
    """Raise the `UserError` of a bad line."""
    raise UserError(f"{path}, line {number}: {reason}: {fix}")


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
