"""Pairs of texts in the files of others: JSON, CSV, TSV, parquet, and two files line by line.

What is read is a table with a row for each example; which columns are source, target and references
is said by the caller or found by their names.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.regular_file import check_regular
from benchmark.runtime.json_format import read_json
from benchmark.tasks.json_lines import OTHER_NAMES, read_objects

Row = Mapping[str, Any]

TABLES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
"""Endings of files that hold whole pairs; all but the last may end in `.gz` too."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns; None where they are found by their names."""

    source: str | None = None
    target: str | None = None
    references: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A source, its target, and all references, the target first."""

    source: str
    target: str
    references: tuple[str, ...]


def ending(name: str) -> str:
    """What the format of a file is known by: its ending without `.gz`."""
    return Path(name.lower().removesuffix(".gz")).suffix


def read_pairs(path: Path, columns: Columns) -> Iterator[Pair | None]:
    """The pairs of a table; None for a row whose source or target is empty.

    Raises:
        UserError: if the file cannot be read, or a column is missing or holds no texts.
    """
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise UserError(f"{path} has no examples: fill it, or name another.")
    found = find_columns(first[1], columns, path)
    yield _pair(*first, found)
    for where, row in rows:
        yield _pair(where, row, found)


def read_line_pairs(source: Path, target: Path) -> Iterator[Pair | None]:
    """The pairs of two files, a line of one for each line of the other.

    Raises:
        UserError: if one cannot be read, or they have different numbers of lines.
    """
    sources, targets = _lines(source), _lines(target)
    if len(sources) != len(targets):
        raise UserError(
            f"{source} has {len(sources):,} lines and {target.name} {len(targets):,}: a line of one"
            " answers the same line of the other."
        )
    for one, other in zip(sources, targets, strict=True):
        yield Pair(one, other, (other,)) if one.strip() and other.strip() else None


def find_columns(row: Row, columns: Columns, path: Path) -> Columns:
    """The columns of a file, each as it was named or as others name it.

    Raises:
        UserError: if there is none, or more than one that may be meant.
    """
    source = _find(row, columns.source, "src", "--source-key", path)
    references = _find(row, columns.references, "refs", "--refs-key", path, optional=True)
    target = _find(
        row, columns.target, "trg", "--target-key", path, optional=references is not None
    )
    return Columns(source, target, references)


def _find(
    row: Row, named: str | None, key: str, flag: str, path: Path, *, optional: bool = False
) -> str | None:
    if named is not None:
        if named not in row:
            raise UserError(f"{path} has no column {named!r} ({flag}): {suggestion(named, row)}")
        return named
    if key in row:
        return key
    close = [name for name in row if name.strip().lower() in OTHER_NAMES[key]]
    if len(close) == 1:
        return close[0]
    if optional and not close:
        return None
    which = f"which of {', '.join(close)}" if close else f"which column of {', '.join(row)}"
    what = {"src": "the source", "trg": "the target", "refs": "the references"}[key]
    raise UserError(f"{path}: {which} is {what} is not certain: name it with {flag}.")


def _pair(where: str, row: Row, columns: Columns) -> Pair | None:
    source = _text(where, row, columns.source)
    references: list[str] = []
    if columns.references is not None:
        value = row.get(columns.references)
        given = value if isinstance(value, list) else [] if value is None else [value]
        if bad := [of for of in given if not isinstance(of, str)]:
            raise UserError(
                f"{where}: {columns.references!r} holds {bad[0]!r:.40}, which is no text."
            )
        references = [text for text in given if text.strip()]
    target = _text(where, row, columns.target) if columns.target is not None else None
    if target is None:
        target = references[0] if references else ""
    if not source.strip() or not target.strip():
        return None
    others = (text for text in references if text != target)
    return Pair(source, target, (target, *others))


def _text(where: str, row: Row, column: str | None) -> str:
    value = row.get(str(column))
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"{where}: {column!r} is {value!r:.40} and no text.")
    return value


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The rows of a table, each with its place."""
    kind = ending(path.name)
    if kind == ".jsonl":
        for number, row in read_objects(path):
            yield f"{path}, line {number}", row
    elif kind == ".json":
        yield from _json_rows(path)
    elif kind == ".parquet":
        yield from _parquet_rows(path)
    else:
        yield from _table_rows(path, "\t" if kind == ".tsv" else None)


def _json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """A list of objects, such a list under one key, or columns."""
    try:
        value = read_json(_content(path))
    except json.JSONDecodeError:
        # JSON lines that are called JSON.
        for number, row in read_objects(path):
            yield f"{path}, line {number}", row
        return
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON that can be read ({error}).") from error
    if isinstance(value, dict):
        lists = {name: of for name, of in value.items() if isinstance(of, list)}
        if len(lists) == 1 and all(isinstance(of, dict) for of in next(iter(lists.values()))):
            value = next(iter(lists.values()))
        elif lists and len({len(of) for of in lists.values()}) == 1:
            names = list(lists)
            value = [dict(zip(names, of, strict=True)) for of in zip(*lists.values(), strict=True)]
        else:
            value = [value]
    if not isinstance(value, list) or not all(isinstance(of, dict) for of in value):
        raise UserError(f"{path} is no list of objects: write one object for each pair.")
    for number, row in enumerate(value, start=1):
        yield f"{path}, entry {number}", row


def _table_rows(path: Path, delimiter: str | None) -> Iterator[tuple[str, Row]]:
    text = _content(path)
    head = text.partition("\n")[0]
    # The first line has names, which hold none of these.
    delimiter = delimiter or max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise UserError(
                    f"{where} has another number of cells than the first line: quote texts that"
                    " hold the delimiter."
                )
            yield where, row
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}: quote the cell.") from error


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        from pyarrow import ArrowException  # type: ignore[import-not-found,unused-ignore]
        from pyarrow.parquet import read_table  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise UserError(f"{path} is parquet: `python -m pip install pyarrow` reads it.") from error
    check_regular(path)
    try:
        rows: Sequence[Row] = read_table(path).to_pylist()
    except (OSError, ArrowException) as error:
        raise UserError(f"{path} cannot be read as parquet ({error}).") from error
    for number, row in enumerate(rows, start=1):
        yield f"{path}, row {number}", row


def _lines(path: Path) -> list[str]:
    # Not `splitlines`, which would also split at line separators within a text.
    lines = _content(path).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _content(path: Path) -> str:
    check_regular(path)
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start + 1} is not UTF-8: convert it.") from error
    except (OSError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}).") from error
