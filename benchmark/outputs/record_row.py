"""A row of outputs from one record: an object of JSON, or a line of a table by its column names.

Strict about our own keys (`id`, `source`, `references`, `reference`, `candidates`); those of other
tools are found by their known names (see `field_names`), or named by `--key`.

A record of lm-evaluation-harness has its source in `doc` and its outputs in `resps`, and in
`filtered_resps` as its task reads them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, get_args

from benchmark.api import Candidate, Status, UserError
from benchmark.api.did_you_mean import nearest
from benchmark.outputs.field_names import (
    IDS,
    NUMBERS,
    OUTPUTS,
    REFERENCES,
    SOURCES,
    find_key,
    find_numbered_outputs,
    find_outputs,
)
from benchmark.outputs.output_row import OutputRow, candidate
from benchmark.outputs.text_lines import text_field

TEXTS = ("text", "generated_text", "content")
"""Keys of the text of one candidate that is an object."""
_FILTERED, _UNFILTERED = "filtered_resps", "resps"
_NOT_OURS = frozenset({"doc", "arguments", "resps", "filter", "doc_hash", "prompt_hash",
                       "target_hash"})  # fmt: skip
"""Of lm-evaluation-harness: known, and needed for nothing."""


def read_row(fields: Mapping[str, Any], where: str, key: str | None = None) -> OutputRow:
    """The row of a record.

    Args:
        fields: the record.
        where: its place, for messages.
        key: the field that holds the outputs; None to find it by its name.

    Raises:
        UserError: if there are no outputs, several fields may hold them, or a field that is read
            has another form.
    """
    named = _output_keys(fields, where, key)
    doc = fields.get("doc")
    texts = doc if isinstance(doc, dict) else fields
    sourced = find_key((k for k in texts if k not in named), SOURCES)
    referred = find_key((k for k in fields if k not in named), REFERENCES)
    placed = find_key(fields, IDS)
    numbered = find_key(fields, NUMBERS) if placed is None else None
    read = {*named, referred, placed, numbered, "source", "references", "reference", *_NOT_OURS}
    if texts is fields:
        read.add(sourced)
    return OutputRow(
        where,
        _candidates(fields, named, where),
        id=_id(fields, placed, where) if placed is not None else None,
        source=_source(texts, sourced, where),
        references=_references(fields, referred, where),
        number=_number(fields, numbered, where),
        ignored=tuple(name for name in fields if name not in read),
    )


def _output_keys(fields: Mapping[str, Any], where: str, key: str | None) -> list[str]:
    """The fields that hold the outputs: one, or one for each candidate."""
    if key is not None:
        if key in fields:
            return [key]
        near = nearest(key, fields)
        hint = f"did you mean {near!r}?" if near else f"its keys are {_listed(fields)}."
        raise UserError(f"{where} has no key {key!r} (--key): {hint}")
    found = find_outputs(fields)
    if {_FILTERED, _UNFILTERED} <= {*found}:
        found.remove(_UNFILTERED)
    if not found:
        found = find_numbered_outputs(fields)
        if found:
            return found
        raise UserError(
            f"{where} has no outputs under a known name (its keys are {_listed(fields)}): write"
            ' "candidates": ["..."] or "output": "...", or name the key that holds them with'
            " --key."
        )
    if len(found) > 1:
        raise UserError(
            f"{where} has both {found[0]} and {found[1]}: keep one, or choose it with"
            f" --key {found[0]}."
        )
    return found


def _listed(names: Collection[str]) -> str:
    shown = [repr(name) for name in [*names][:10]]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(shown) + more) or "none"


def _id(fields: Mapping[str, Any], key: str, where: str) -> str | None:
    value = fields[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise UserError(f'{where}: "{key}" is neither a string nor an integer: write it in quotes.')
    return None if value is None else str(value)


def _number(fields: Mapping[str, Any], key: str | None, where: str) -> int | None:
    if key is None:
        return None
    value = fields[key]
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(
            f'{where}: "{key}" is not a whole number from 0, the index of the source in the split:'
            " write one, or name the field `id`."
        )
    return value


def _source(fields: Mapping[str, Any], key: str | None, where: str) -> str | None:
    if key is None:
        return None
    if key == "source":
        return text_field(fields, key, where)
    value = fields[key]
    # A conversation or a parsed question names no source that could be compared.
    return value if isinstance(value, str) else None


def _references(fields: Mapping[str, Any], key: str | None, where: str) -> tuple[str, ...] | None:
    if key is None:
        return None
    if key == "reference":
        return (text_field(fields, key, where),)
    listed = fields[key]
    is_list = isinstance(listed, list) and all(isinstance(text, str) for text in listed)
    if key == "references" and not is_list:
        raise UserError(f'{where}: "references" is not a list of strings: write ["...", "..."].')
    if isinstance(listed, str):
        return (listed,)
    return tuple(listed) if is_list else None


def _candidates(fields: Mapping[str, Any], named: list[str], where: str) -> tuple[Candidate, ...]:
    if len(named) > 1:
        return tuple(candidate(text_field(fields, name, where)) for name in named)
    (name,) = named
    found = fields[name]
    if isinstance(found, str) and name != "candidates":
        return (candidate(found),)
    if isinstance(found, dict):
        return (_candidate(found, name, where),)
    if not isinstance(found, list):
        form = "a list of outputs" if name == OUTPUTS[0] else "a string or a list of them"
        raise UserError(
            f'{where}: "{name}" is not {form}: write ["..."], with "" for an empty output.'
        )
    listed = _flatten(found, name, where)
    if not listed:
        raise UserError(
            f'{where}: "{name}" is not a list of outputs: write ["..."], with "" for an'
            " empty output."
        )
    return tuple(_candidate(value, name, where) for value in listed)


def _flatten(found: list[Any], name: str, where: str) -> list[Any]:
    """The outputs of lm-evaluation-harness, which stand in lists of requests and of repeats."""
    while len(found) == 1 and isinstance(found[0], list):
        (found,) = found
    if any(map(_is_choice, (found, *found))):
        raise UserError(
            f'{where}: "{name}" holds log-likelihoods and no texts: score a task whose output_type'
            " is generate_until."
        )
    flat = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in found]
    if any(map(_is_choice, flat)):
        return _flatten(flat, name, where)
    if any(isinstance(value, list) for value in flat):
        raise UserError(f'{where}: "{name}" holds lists within a list: write one list of texts.')
    return flat


def _is_choice(value: object) -> bool:
    """Whether it is the log-likelihood of a choice, and whether greedy decoding would take it."""
    return isinstance(value, list) and len(value) == 2 and str(value[1]) in ("True", "False")


def _candidate(value: object, name: str, where: str) -> Candidate:
    if isinstance(value, str):
        return candidate(value)
    if not isinstance(value, dict):
        raise UserError(
            f'{where}: a candidate in "{name}" is neither a string nor an object: write "..." or'
            ' {"text": "..."}.'
        )
    text = text_field(value, next((key for key in TEXTS if key in value), TEXTS[0]), where)
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
