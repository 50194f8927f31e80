"""Real texts with attributes, one JSON object a line, in one of four forms.

- ``{"text": ..., "attributes": {"sentiment": "negative"}}``: a text and its labels.
- ``{"src": ..., "trg": ..., "attributes": ..., "target_attributes": ...}``: a text with its labels,
  and its rewrite by a person with those of the rewrite; ``refs`` may list several, ``trg`` first.
- ``{"src": ..., "trg": ..., "attributes": ...}``: a text (and further ones in ``refs``) that says
  the attributes; ``src``, the same attributes in another notation, is not read.
- ``{"attributes": ...}``: a request without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmark.tasks.json_lines import fail, kind, read_objects, read_targets, read_text

_OF_PAIRS = ("src", "trg", "refs", "target_attributes")
KEYS = frozenset({"text", "attributes", *_OF_PAIRS})

Form = Literal["text", "rewrite", "slots", "request"]
"""The four forms, in their order."""


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line of a file."""

    number: int
    form: Form
    attributes: Mapping[str, str]
    """Of `texts`."""
    texts: tuple[str, ...] = ()
    """The text and others that say the same; empty in a request without an answer."""
    rewrites: tuple[str, ...] = ()
    """The text with the attributes `rewritten`, by people; empty if there is none."""
    rewritten: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """The lines of one file, and the keys that are not read with their numbers of lines."""

    lines: tuple[LabelledLine, ...] = ()
    ignored_keys: Mapping[str, int] = field(default_factory=dict)


def is_labelled(path: Path) -> bool:
    """Whether a file starts with a text of one side, which only tasks with attributes have."""
    return any(
        "text" in fields and "src" not in fields and ("attributes" in fields or len(fields) == 1)
        for _, fields in _first(path)
    )


def read_labelled(path: Path) -> LabelledFile:
    """Read and check one file.

    Raises:
        UserError: if the file cannot be read, is empty, or has a bad line; the message names file,
            line number, reason and remedy.
    """
    lines: list[LabelledLine] = []
    ignored: dict[str, int] = {}
    for number, fields in read_objects(path):
        lines.append(_line(path, number, fields))
        for key in fields.keys() - KEYS:
            ignored[key] = ignored.get(key, 0) + 1
    return LabelledFile(tuple(lines), dict(sorted(ignored.items())))


def _first(path: Path) -> list[tuple[int, dict[str, Any]]]:
    for found in read_objects(path):
        return [found]
    return []


def _line(path: Path, number: int, fields: Mapping[str, Any]) -> LabelledLine:
    attributes = _attributes(path, number, fields, "attributes")
    of_pairs = [key for key in _OF_PAIRS if key in fields]
    if "text" in fields:
        if of_pairs:
            fail(path, number, f'it has "text" and "{of_pairs[0]}"', "keep one form")
        return LabelledLine(number, "text", attributes, (read_text(path, number, fields, "text"),))
    if not of_pairs:
        return LabelledLine(number, "request", attributes)
    targets = read_targets(path, number, fields)
    if "target_attributes" not in fields:
        return LabelledLine(number, "slots", attributes, targets)
    rewritten = _attributes(path, number, fields, "target_attributes")
    if rewritten == attributes:
        fail(path, number, '"target_attributes" change nothing', "name another value")
    text = read_text(path, number, fields, "src")
    return LabelledLine(number, "rewrite", attributes, (text,), targets, rewritten)


def _attributes(path: Path, number: int, fields: Mapping[str, Any], key: str) -> dict[str, str]:
    example = f'write "{key}": {{"sentiment": "positive"}}'
    if key not in fields:
        fail(path, number, f'the key "{key}" is missing', example)
    found = fields[key]
    if not isinstance(found, dict) or not found:
        reason = "is empty" if found == {} else f"is not an object but {kind(found)}"
        fail(path, number, f'"{key}" {reason}', example)
    for name, value in found.items():
        if not isinstance(value, str):
            reason = f'the value of "{name}" in "{key}" is not a string but {kind(value)}'
            fail(path, number, reason, "write it in quotes")
        if not name.strip() or not value.strip():
            fail(path, number, f'a name or a value in "{key}" is empty', "fill or remove it")
    return {name.strip(): value.strip() for name, value in found.items()}
