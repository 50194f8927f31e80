"""The answers of raters, read back and checked against the key.

Both forms are read: what the page hands out, and a table that was filled in by hand. Columns that
are neither `sheet`, `rater`, `item` nor a question are left alone. Without a column `rater`, the
file's name is the rater's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.api import UserError
from benchmark.api.regular_file import check_regular
from benchmark.human_evaluation.key import Item, Key


@dataclass(frozen=True)
class Answer:
    """What one rater said to one question on one item."""

    rater: str
    item: Item
    question: str
    value: float


@dataclass(frozen=True)
class Answers:
    """All answers; `given` is sorted by rater and item."""

    given: tuple[Answer, ...]
    raters: tuple[str, ...]
    left_open: Mapping[str, int]
    """By rater, items of the sheet without an answer to some question."""


def read_answers(paths: Sequence[Path], key: Key) -> Answers:
    """Read the answers in some files.

    Raises:
        UserError: if a file cannot be read or is of another sheet, an item is unknown or answered
            twice by a rater, a value is out of range, or nothing is answered.
    """
    items = {item.id: item for item in key.items}
    places: dict[tuple[str, str], str] = {}
    given: list[Answer] = []
    for path in paths:
        for place, row in _read_rows(path, key):
            if row["sheet"] != key.sheet:
                raise UserError(
                    f"{place}: the answers are to another sheet ({row['sheet'] or 'no name'}, not"
                    f" {key.sheet}): name the folder of its own key."
                )
            item = items.get(row["item"])
            if item is None:
                raise UserError(f"{place}: the sheet has no item {row['item']!r}: restore its id.")
            rater = row.get("rater") or path.stem
            said = [_read_value(place, row[q.id], q.id, key) for q in key.questions]
            if said == [None] * len(said):
                continue
            before = places.setdefault((rater, item.id), place)
            if before != place:
                raise UserError(
                    f"{place}: rater {rater!r} answers item {item.id} a second time, after"
                    f" {before}: remove one, or name another rater in the column rater."
                )
            given += [
                Answer(rater, item, question.id, value)
                for question, value in zip(key.questions, said, strict=True)
                if value is not None
            ]
    if not given:
        raise UserError(f"{', '.join(map(str, paths))}: no item is answered.")
    raters = tuple(sorted({answer.rater for answer in given}))
    wanted = len(key.items) * len(key.questions)
    missing = {rater: wanted - sum(a.rater == rater for a in given) for rater in raters}
    given.sort(key=lambda answer: (answer.rater, answer.item.id))
    return Answers(tuple(given), raters, missing)


def _read_rows(path: Path, key: Key) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a file by column, each with its place; heads end at their colon."""
    check_regular(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: save it as CSV in UTF-8.") from error
    first = text.partition("\n")[0]
    # Some spreadsheets write what their language writes between numbers.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        heads = [head.partition(":")[0].strip() for head in next(reader, [])]
        missing = [c for c in ("sheet", "item", *(q.id for q in key.questions)) if c not in heads]
        if missing:
            raise UserError(
                f"{path} has no column {missing[0]!r} in its first line: keep the heads of the"
                " sheet, and the commas between them."
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [*cells, *[""] * (len(heads) - len(cells))]
                row = {head: cell.strip() for head, cell in zip(heads, padded, strict=False)}
                yield f"{path}, line {reader.line_num}", row
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num} is not CSV: {error}.") from error


def _read_value(place: str, cell: str, question: str, key: Key) -> float | None:
    """The number of an answer; None where there is none."""
    if not cell:
        return None
    # A spreadsheet may write 4 as 4.0, or TIE in capitals.
    value = key.values.get(cell.lower().removesuffix(".0").removesuffix(",0"))
    if value is None:
        raise UserError(
            f"{place}: {question} is {cell!r}: write one of {', '.join(key.values)}, or leave it"
            " empty."
        )
    return value
