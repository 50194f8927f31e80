"""Tables: CSV, with commas or semicolons, and TSV, whose first line names the columns.

Columns are found by the names that other tools give them (`field_names`); `output_1`, `output_2`
and so on are the candidates of a source. A single column without a name is one output a line.
Cells may be quoted, and a quoted one may go over several lines.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.outputs.field_names import find_numbered_outputs, find_outputs
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.record_row import read_row
from benchmark.outputs.text_lines import read_lines

DELIMITERS = "\t,;"
ENDINGS = (".csv", ".tsv")
_LONGEST_CELL = 10_000_000
"""Characters, as of the longest name of a column in a file that is not called a table."""
_LONGEST_NAME = 30


def read_table(path: Path, key: str | None = None) -> list[OutputRow]:
    """The rows of a file.

    Args:
        path: of the file.
        key: the column that holds the outputs; None to find it by its name.

    Raises:
        UserError: if it is not such a table, or no column holds outputs.
    """
    lines = read_lines(path)
    delimiter = choose_delimiter(lines, key)
    heads, *rows = _cells(path, lines, delimiter)
    named = {**heads[1]}
    if not _has_names(list(named.values()), key):
        return _unnamed(path, [heads, *rows], key)
    repeated = [name for name, count in Counter(named.values()).items() if count > 1 and name]
    if repeated:
        raise UserError(f"{path}: the column {repeated[0]!r} stands twice: keep one of them.")
    if not rows:
        raise UserError(f"{path} has only a line of names: name a file of outputs.")
    counting = {index for index in named if _only_counts([row.get(index, "") for _, row in rows])}
    found = []
    for where, cells in rows:
        if len(cells) != len(named):
            raise UserError(
                f"{where} has {len(cells)} cells where the first line names {len(named)} columns:"
                " quote texts that hold the delimiter."
            )
        fields = {
            name if name.strip() else f"column {index + 1}": cells[index]
            for index, name in named.items()
            if name.strip() or index not in counting
        }
        found.append(read_row(fields, where, key))
    if all(c.text.startswith("[") and c.text.endswith("]") for r in found for c in r.candidates):
        raise UserError(
            f"{found[0].where}: the outputs are lists within cells: save the table as JSON lines,"
            " or write one column for each candidate (output_1, output_2)."
        )
    return found


def _only_counts(cells: Sequence[str]) -> bool:
    """Whether cells are empty, or number the lines in their order, as an index does."""
    return not any(cell.strip() for cell in cells) or any(
        list(cells) == [str(first + number) for number in range(len(cells))] for first in (0, 1)
    )


def looks_like_table(lines: Sequence[str]) -> bool:
    """Whether the first line names columns, one of them of outputs, or every line has as many tabs.

    Texts have no tabs.
    """
    first = next((line for line in lines if line.strip()), "")
    for mark in DELIMITERS:
        heads = [head.strip(' "') for head in first.split(mark)]
        if len(heads) > 1 and max(map(len, heads)) <= _LONGEST_NAME and _has_names(heads, None):
            return True
    tabs = {line.count("\t") for line in lines if line.strip()}
    return len(tabs) == 1 and tabs != {0}


def choose_delimiter(lines: Sequence[str], key: str | None) -> str:
    """What stands between the cells: what gives known names, else what the first line has most."""
    for mark in DELIMITERS:
        try:
            heads = next(csv.reader([lines[0]], delimiter=mark), [])
        except csv.Error:  # said where the cells are read
            continue
        if len(heads) > 1 and _has_names(heads, key):
            return mark
    most = max(DELIMITERS, key=lines[0].count)
    return most if lines[0].count(most) else ","


def _has_names(heads: Sequence[str], key: str | None) -> bool:
    if key is not None:
        return key in heads
    return bool(find_outputs(heads) or find_numbered_outputs(heads))


def _cells(path: Path, lines: Sequence[str], delimiter: str) -> list[tuple[str, dict[int, str]]]:
    """The cells of every line by number, each line with its place; none is blank."""
    reader = csv.reader(io.StringIO("\n".join(lines) + "\n"), delimiter=delimiter, strict=True)
    before = csv.field_size_limit(_LONGEST_CELL)
    found: list[tuple[str, dict[int, str]]] = []
    try:
        begin = 1
        for cells in reader:
            where = f"{path}, line {begin}"
            begin = reader.line_num + 1
            found.append((where, dict(enumerate(cells))))
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.line_num} is no line of a table ({error}): quote texts that hold"
            " a delimiter or a quotation mark, and double the mark."
        ) from error
    finally:
        csv.field_size_limit(before)
    while found and not found[-1][1]:
        found.pop()
    blank = next((where for where, cells in found if not cells), None)
    if blank is not None:
        raise UserError(f'{blank} is empty: remove it, or write "" for an empty output.')
    if not found:
        raise UserError(f"{path} has only empty lines: name a file of outputs.")
    return found


def _unnamed(
    path: Path, rows: Sequence[tuple[str, dict[int, str]]], key: str | None
) -> list[OutputRow]:
    """The rows of a table without names: one column is one output a line."""
    first = ", ".join(map(repr, rows[0][1].values()))
    if key is not None:
        raise UserError(f"{path} has no column {key!r} (--key): its first line is {first}.")
    widest = max(rows, key=lambda row: len(row[1]))
    if len(widest[1]) > 1:
        raise UserError(
            f"{path} is a table, and its first line names no column of outputs ({first}): put the"
            " names first, such as id,source,output, or name a column with --key."
        )
    return [read_row({"output": cells[0]}, where) for where, cells in rows]
