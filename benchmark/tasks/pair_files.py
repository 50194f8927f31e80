"""The rows of the files of others: JSON, CSV, TSV, parquet, two files of lines, saved datasets.

What is read is a table with a row for each example; `benchmark.tasks.pair_columns` says which of
its columns are source, target and references.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.api.regular_file import check_regular
from benchmark.runtime.json_format import RepeatedKeyError, read_json
from benchmark.tasks.json_lines import decode_line, raw_lines, read_objects
from benchmark.tasks.pair_columns import Columns, Pair, Row, find_columns, read_pair
from benchmark.tasks.splits import Split
from benchmark.tasks.task_folder import SplitFiles, ending

Rows = Iterator[tuple[str, Row]]
"""Where a row stands, for messages, and its columns."""

INSTALL = "python -m pip install 'diffuseq-bench[datasets]'"
"""What installs `datasets` and `pyarrow`."""

NO_PAIRS = (
    "has no pair with a source and a target: fill these, or name other columns with"
    " --source-key and --target-key."
)
"""What is wrong with a file whose rows are all left out."""

_BATCH_ROWS = 1000


@dataclass
class Pairs:
    """The pairs of a split: an iterator, None for a row whose source or target is empty."""

    columns: Columns
    """Those that are read."""
    rows: Rows
    ignored: Counter[str] = field(default_factory=Counter)
    """Columns that are not read, and their numbers of rows; complete after the iteration."""

    def __iter__(self) -> Iterator[Pair | None]:
        used = (self.columns.source, self.columns.target, self.columns.references)
        read = {of.partition(".")[0] for of in used if of} | {of for of in used if of}
        for where, row in self.rows:
            yield read_pair(row, self.columns, where)
            self.ignored.update(row.keys() - read)


def open_pairs(files: SplitFiles, columns: Columns, split: Split) -> Pairs:
    """The pairs in the files of a split.

    Raises:
        UserError: if a file cannot be read, is empty, or has no such columns; later, from the
            iteration, for a row that holds no texts.
    """
    if files.keys is not None:
        if columns.references is not None:
            raise UserError(
                f"{files.name}: two files of lines have no references besides the targets"
                " (--refs-key): write a table with a column for them."
            )
        columns = Columns(*files.keys)
    where = str(files.paths[0])
    # Without names of columns the first pair would be taken for them.
    where += ", first line" if ending(where) in (".csv", ".tsv") else ""
    return find_pairs(_rows(files), columns, where, split)


def find_pairs(rows: Rows, columns: Columns, where: str, split: Split) -> Pairs:
    """The pairs in the rows of a split, from whatever they come.

    Raises:
        UserError: as `open_pairs`.
    """
    first = next(rows, None)
    if first is None:
        raise UserError(f"{where} has no examples: fill it, or name another.")
    found = find_columns(first[1], columns, where, may_lack_references=split != "test")
    return Pairs(found, chain([first], rows))


def dataset_rows(dataset: Any, where: str) -> Rows:
    """The rows of one of `datasets`, as they are stored: pictures and sounds are not opened."""
    number = 0
    for batch in dataset.with_format("arrow").iter(batch_size=_BATCH_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield f"{where}, row {number}", row


def _rows(files: SplitFiles) -> Rows:
    if files.form == "lines":
        return _line_rows(files)
    if files.form == "dataset":
        return _saved_rows(files.paths[0])
    return chain.from_iterable(map(_table_rows, files.paths))


def _table_rows(path: Path) -> Rows:
    kind = ending(path.name)
    if kind == ".jsonl":
        return _located(path, read_objects(path))
    if kind == ".json":
        return _json_rows(path)
    if kind == ".parquet":
        return _parquet_rows(path)
    return _tab_rows(path) if kind == ".tsv" else _comma_rows(path)


def _located(path: Path, objects: Iterable[tuple[int, Row]]) -> Rows:
    return ((f"{path}, line {number}", row) for number, row in objects)


def _json_rows(path: Path) -> Rows:
    """A list of objects, such a list under one key, columns, or JSON lines."""
    try:
        value = read_json(_content(path))
    except RepeatedKeyError as error:
        raise UserError(f"{path}: the key {error} occurs twice: keep one of them.") from error
    except json.JSONDecodeError:
        # JSON lines that are called JSON.
        yield from _located(path, read_objects(path))
        return
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path} is not JSON that can be read ({error}): write one object for each pair."
        ) from error
    if isinstance(value, dict):
        lists = [of for of in value.values() if isinstance(of, list)]
        if len(lists) == 1 and lists[0] and all(isinstance(of, dict) for of in lists[0]):
            value = lists[0]
        # A list beside a text, as of references, is no column.
        elif lists and len(lists) == len(value) and len({*map(len, lists)}) == 1:
            value = [dict(zip(value, of, strict=True)) for of in zip(*lists, strict=True)]
        else:
            value = [value]
    if not isinstance(value, list) or not all(isinstance(of, dict) for of in value):
        raise UserError(f"{path} is no list of objects: write one object for each pair.")
    for number, row in enumerate(value, start=1):
        yield f"{path}, entry {number}", row


def _comma_rows(path: Path) -> Rows:
    """The rows of CSV, whose first line has the names of the columns."""
    text = _content(path)
    head = text.partition("\n")[0]
    # The names in the first line hold none of these.
    return _cells(path, text, max(",;\t", key=head.count), csv.QUOTE_MINIMAL)


def _tab_rows(path: Path) -> Rows:
    """The rows of TSV, whose texts are quoted or, with quotes of their own, are not."""
    text = _content(path)
    plain = _cells(path, text, "\t", csv.QUOTE_NONE)
    try:
        rows = list(_cells(path, text, "\t", csv.QUOTE_MINIMAL))
    except UserError:
        return plain
    lines = [line for line in io.StringIO(text, newline="") if line.strip("\r\n")]
    # Lines with all their cells are rows, even if a quote in one seems to end in another.
    whole = len({line.count("\t") for line in lines}) == 1
    return plain if whole and len(rows) != len(lines) - 1 else iter(rows)


def _cells(path: Path, text: str, delimiter: str, quoting: Any) -> Rows:
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    try:
        names = reader.fieldnames or ()
        if len({*names}) < len(names):
            raise UserError(f"{path}: two columns have the same name: rename one.")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise UserError(
                    f"{where} has another number of cells than the first line: quote texts that"
                    " hold the delimiter."
                )
            yield where, row
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.reader.line_num}: {error}: quote cells that hold"
            " quotes, and double these."
        ) from error


def _parquet_rows(path: Path) -> Rows:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UserError(
            f"{path} is parquet: `python -m pip install pyarrow` or `{INSTALL}` reads it."
        ) from error
    check_regular(path)
    number = 0
    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}, row {number}", row
    except (OSError, ArrowException) as error:
        said = " ".join(str(error).split())
        raise UserError(
            f"{path} cannot be read as parquet ({said:.200}): write it or fetch it again."
        ) from error


def _saved_rows(path: Path) -> Rows:
    """The rows of a split that `save_to_disk` wrote."""
    try:
        from datasets import load_from_disk
        from pyarrow import ArrowException
    except ImportError as error:
        raise UserError(f"{path} is a saved dataset: `{INSTALL}` reads it.") from error
    try:
        dataset = load_from_disk(str(path))
        yield from dataset_rows(dataset, str(path))
    except (OSError, ValueError, KeyError, TypeError, ArrowException) as error:
        said = " ".join(str(error).split())
        raise UserError(
            f"{path} cannot be read as a saved dataset ({said:.200}): save it again."
        ) from error


def _line_rows(files: SplitFiles) -> Rows:
    """The rows of two files, a line of one for each line of the other."""
    assert files.keys is not None
    source, target = files.paths
    sources, targets = _lines(source), _lines(target)
    if len(sources) != len(targets):
        raise UserError(
            f"{source} has {len(sources):,} lines and {target.name} {len(targets):,}: a line of one"
            " answers the same line of the other."
        )
    for number, texts in enumerate(zip(sources, targets, strict=True), start=1):
        yield f"{source}, line {number}", dict(zip(files.keys, texts, strict=True))


def _lines(path: Path) -> list[str]:
    # Not `splitlines`, which would also split at line separators within a text.
    raw = enumerate(raw_lines(path), start=1)
    found = (decode_line(path, number, line).removesuffix("\n") for number, line in raw)
    lines = [line.removesuffix("\r") for line in found]
    return [] if lines == [""] else lines


def _content(path: Path) -> str:
    raw = enumerate(raw_lines(path), start=1)
    return "".join(decode_line(path, number, line) for number, line in raw)
