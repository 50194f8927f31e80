"""Our own format: one JSON object per source.

    {"id": "test-1", "source": "...", "references": ["..."], "candidates": ["...", {"text": "..."}]}

`id`, `source` and `references` (or one `reference`) may be omitted; a single candidate may be given
as `candidate` or `output`. Other keys are ignored. The candidates file of a store has this format.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

from benchmark.api import Candidate, Status, UserError
from benchmark.outputs.output_row import OutputRow, candidate
from benchmark.outputs.text_lines import json_lines, text_field

ONE = ("candidate", "output")
OUTPUTS = ("candidates", *ONE)


def read_json_lines(path: Path) -> list[OutputRow]:
    """The rows of a file.

    Raises:
        UserError: for a line that does not have this form.
    """
    return [_row(fields, where) for where, fields in json_lines(path)]


def _row(fields: dict[str, Any], where: str) -> OutputRow:
    return OutputRow(
        where,
        _candidates(fields, where),
        id=_id(fields, where),
        source=text_field(fields, "source", where) if "source" in fields else None,
        references=_references(fields, where),
    )


def _id(fields: dict[str, Any], where: str) -> str | None:
    value = fields.get("id")
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise UserError(f'{where}: "id" is neither a string nor an integer: write it in quotes.')
    return None if value is None else str(value)


def _references(fields: dict[str, Any], where: str) -> tuple[str, ...] | None:
    if "references" not in fields:
        return (text_field(fields, "reference", where),) if "reference" in fields else None
    listed = fields["references"]
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise UserError(f'{where}: "references" is not a list of strings: write ["...", "..."].')
    return tuple(listed)


def _candidates(fields: dict[str, Any], where: str) -> tuple[Candidate, ...]:
    named = [key for key in OUTPUTS if key in fields]
    if len(named) != 1:
        what = f"both {named[0]} and {named[1]}" if named else "no outputs"
        raise UserError(f'{where} has {what}: write "candidates": ["..."] or "output": "...".')
    if named[0] in ONE:
        return (candidate(text_field(fields, named[0], where)),)
    listed = fields["candidates"]
    if not isinstance(listed, list) or not listed:
        raise UserError(
            f'{where}: "candidates" is not a list of outputs: write ["..."], with "" for an'
            " empty output."
        )
    return tuple(_candidate(value, where) for value in listed)


def _candidate(value: object, where: str) -> Candidate:
    if isinstance(value, str):
        return candidate(value)
    if not isinstance(value, dict):
        raise UserError(
            f'{where}: a candidate is neither a string nor an object: write "..." or'
            ' {"text": "..."}.'
        )
    text = text_field(value, "text", where)
    status = value.get("status", candidate(text).status)
    if status not in get_args(Status):
        raise UserError(
            f"{where}: a candidate has the status {status!r}: use {', '.join(get_args(Status))}."
        )
    logprob = value.get("logprob")
    if logprob is not None and not _is_finite(logprob):
        raise UserError(f'{where}: "logprob" is {logprob!r}: write a finite number, or null.')
    return Candidate(text, status, logprob)


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False
