"""The records of a JSON file, whichever way it holds them.

One object a line, as `datasets` and lm-evaluation-harness write them; a list of objects, or of
lists of objects as `pipeline` returns them; an object with such a list under `data`; or an object
of columns, `{"source": [...], "prediction": [...]}`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.outputs.field_names import IDS, NUMBERS, OUTPUTS, REFERENCES, SOURCES, plain_name
from benchmark.outputs.text_lines import check_texts, json_lines, read_lines
from benchmark.runtime.json_format import RepeatedKeyError, read_json

Record = tuple[str, dict[str, Any]]
"""Its place, for messages, and its fields."""

_COLUMNS = frozenset({*IDS, *NUMBERS, *SOURCES, *REFERENCES, *OUTPUTS}) - {
    "candidates", "resps", "filtered_resps",
}  # fmt: skip
"""Names that make a list a column; those without hold the outputs of one source."""


def read_json_records(path: Path) -> list[Record]:
    """The records of a file.

    Raises:
        UserError: if the file cannot be read, is not JSON, or holds no objects.
    """
    lines = read_lines(path)
    if _is_one_object_a_line(lines):
        records = json_lines(path)
        if len(records) > 1:
            return records
        (record,) = records
        return _from_object(record[1], path) or records
    return _from_document("\n".join(lines), path)


def looks_like_json(lines: list[str]) -> bool:
    """Whether a text begins as an object or as a list of objects."""
    first = next((line.strip() for line in lines if line.strip()), "")
    if _reads_as(first, dict):
        return True
    if first not in ("[", "{") and not first.startswith(("[{", "[[", '["')):
        return False
    try:
        return isinstance(json.loads("\n".join(lines)), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_one_object_a_line(lines: list[str]) -> bool:
    first = next((line.strip() for line in lines if line.strip()), "")
    if not first.startswith(("{", "[")):
        return True
    if first.startswith("["):
        return False
    # An object that is printed over several lines opens in the first and goes on.
    return _reads_as(first, dict) or not _reads_as("\n".join(lines), dict)


def _reads_as(text: str, kind: type) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


def _from_document(text: str, path: Path) -> list[Record]:
    try:
        value = read_json(text)
    except RepeatedKeyError as error:
        raise UserError(f"{path}: an object has the key {error} twice: keep one of them.") from (
            error
        )
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path} is not JSON ({error.msg} in line {error.lineno}, character {error.colno}):"
            ' write a list of objects, or one object per line, such as {"id": "test-1",'
            ' "candidates": ["..."]}.'
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path} is not readable JSON ({error}): write one object per line."
        ) from error
    if isinstance(value, list):
        return _from_list(value, path)
    found = _from_object(value, path) if isinstance(value, dict) else None
    if found is None and isinstance(value, dict):
        found = [(str(path), value)]
        check_texts(value, str(path))
    if found is None:
        raise UserError(f"{path} is not a JSON object: write one object per line.")
    return found


def _from_list(values: list[Any], path: Path) -> list[Record]:
    records = []
    for number, value in enumerate(values, start=1):
        where = f"{path}, record {number}"
        if isinstance(value, str):
            # A list of texts alone is one output for each source.
            value = {"output": value}
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            value = {"candidates": value}
        if not isinstance(value, dict):
            raise UserError(f"{where} is not a JSON object: write a list of objects.")
        check_texts(value, where)
        records.append((where, value))
    if not records:
        raise UserError(f"{path} is an empty list: name a file of outputs.")
    return records


def _from_object(fields: dict[str, Any], path: Path) -> list[Record] | None:
    """The records in one object; None where it is a record itself."""
    rows = fields.get("data")
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return _from_list(rows, path)
    known = {key: value for key, value in fields.items() if plain_name(key) in _COLUMNS}
    named_outputs = any(plain_name(key) in OUTPUTS for key in known)
    if not named_outputs or not all(isinstance(value, list) for value in known.values()):
        return None
    sizes = {key: len(value) for key, value in known.items()}
    if len(set(sizes.values())) > 1:
        counted = ", ".join(f"{key} {size}" for key, size in sizes.items())
        raise UserError(f"{path}: its columns differ in length ({counted}): write equal ones.")
    count = next(iter(sizes.values()))
    rest = {
        key: value
        for key, value in fields.items()
        if key not in known and isinstance(value, list) and len(value) == count
    }
    columns = known | rest
    return _from_list(
        [
            {key: _as_field(key, column[index]) for key, column in columns.items()}
            for index in range(count)
        ],
        path,
    )


def _as_field(key: str, value: Any) -> Any:
    return [value] if key == "references" and isinstance(value, str) else value
