"""Which columns of a table are source, target and references, and the pair that a row holds.

They are said by the caller or found by their names. A column inside another is named with a dot:
`translation.en` of `{"translation": {"en": ..., "de": ...}}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.api import UserError
from benchmark.api.did_you_mean import nearest
from benchmark.runtime.column_keys import COLUMN_FLAGS, COLUMN_KEYS
from benchmark.runtime.json_format import read_json
from benchmark.tasks.json_lines import OTHER_NAMES, kind

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns; None where they are found by their names."""

    source: str | None = None
    target: str | None = None
    references: str | None = None

    @property
    def named(self) -> bool:
        """Whether any is said."""
        return self != Columns()

    def over(self, other: Columns) -> Columns:
        """These, and those of `other` where these say nothing."""
        return Columns(
            self.source or other.source,
            self.target or other.target,
            self.references or other.references,
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A source, its target, and all references, the target first."""

    source: str
    target: str
    references: tuple[str, ...]
    empty_references: int = 0
    """Empty ones that were left out."""


def find_columns(
    row: Row, columns: Columns, where: str, *, may_lack_references: bool = False
) -> Columns:
    """The columns of a file, each as it was named or as others name it.

    Args:
        row: the first of the file.
        columns: what is said of them.
        where: the file, for errors.
        may_lack_references: whether a column of references that is named may be missing, as
            references often are in train.

    Raises:
        UserError: if there is none, or more than one that may be meant.
    """
    source = _find(row, columns.source, "src", where)
    named = columns.references
    if may_lack_references and named is not None and _get(row, named) is _MISSING:
        references = None
    else:
        references = _find(row, named, "refs", where, optional=True)
    target = _find(row, columns.target, "trg", where, optional=references is not None)
    return Columns(source, target, references)


def read_pair(row: Row, columns: Columns, where: str) -> Pair | None:
    """The pair of a row; None if its source or target is empty.

    Raises:
        UserError: if a column is missing or holds no text.
    """
    assert columns.source is not None
    source = _text(row, columns.source, where)
    given = _references(row, columns.references, where) if columns.references is not None else []
    references = [text for text in given if text.strip()]
    target = _text(row, columns.target, where) if columns.target is not None else ""
    if columns.target is None and references:
        target = references[0]
    if not source.strip() or not target.strip():
        return None
    others = (text for text in references if text != target)
    return Pair(source, target, (target, *others), len(given) - len(references))


_SIDES = ("src", "trg", "refs")
_WHAT = dict(zip(_SIDES, ("the source", "the target", "the references"), strict=True))
_FLAGS = dict(zip(_SIDES, COLUMN_FLAGS, strict=True))
_FIELDS = dict(zip(_SIDES, COLUMN_KEYS, strict=True))
"""Of `task.yaml`, which all commands read."""


def _find(
    row: Row, named: str | None, key: str, where: str, *, optional: bool = False
) -> str | None:
    flag = _FLAGS[key]
    if named is not None:
        if _get(row, named) is _MISSING:
            raise UserError(f"{where} has no column {named!r} ({flag}): {_there(row, named)}")
        return named
    if key in row:
        return key
    close = [name for name in row if name.strip().lower() in OTHER_NAMES[key]]
    if len(close) == 1:
        return close[0]
    if optional and not close:
        return None
    names = ", ".join(f"{name:.40}" for name in close or _names(row))
    which = f"which of {names}" if close else f"which column of {names}"
    raise UserError(
        f"{where}: {which} is {_WHAT[key]} is not certain: name it with {flag}, or with"
        f" {_FIELDS[key]} in task.yaml beside it."
    )


class _Missing:
    pass


_MISSING = _Missing()


def _get(row: Row, column: str) -> Any:
    """The value of a column, or of one inside another."""
    if column in row:
        return row[column]
    outer, dot, inner = column.partition(".")
    within = row.get(outer) if dot else None
    return _get(within, inner) if isinstance(within, Mapping) else _MISSING


def _names(row: Row, before: str = "") -> Iterator[str]:
    """The columns of a row, those inside others too."""
    for name, value in row.items():
        if isinstance(value, Mapping) and value:
            yield from _names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _there(row: Row, name: str) -> str:
    names = list(_names(row))
    near = nearest(name, names)
    # A part of the name is not close by its letters: `en` for `translation.en`.
    near = near or next((of for of in names if name in of.split(".")), None)
    return f"did you mean {near!r}?" if near else f"it has {', '.join(names)}."


def _text(row: Row, column: str, where: str) -> str:
    value = _get(row, column)
    if value is _MISSING:
        raise UserError(f"{where} has no {column!r}: {_there(row, column)}")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(
            f"{where}: {column!r} is {kind(value)} and no text ({value!r:.40}): write it in quotes,"
            " or name another column."
        )
    return _checked(value, column, where)


def _references(row: Row, column: str, where: str) -> list[str]:
    value = _get(row, column)
    if value is _MISSING or value is None:
        return []
    given = list(value) if isinstance(value, list | tuple) else _in_cell(value, column, where)
    texts: list[str] = []
    for text in given:
        if isinstance(text, list | tuple):
            raise UserError(
                f"{where}: {column!r} is a list of lists: list the references of the pair as texts."
            )
        if not isinstance(text, str):
            raise UserError(
                f"{where}: {column!r} holds {text!r:.40}, which is no text: write it in quotes, or"
                " leave it out."
            )
        texts.append(_checked(text, column, where))
    return texts


def _in_cell(value: object, column: str, where: str) -> list[object]:
    """A text, or the texts of a list in JSON, as one cell of a table holds them."""
    if not isinstance(value, str) or not (value.startswith("[") and value.endswith("]")):
        return [value]
    try:
        found = read_json(value)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list):
        return found
    if value.startswith(("['", '["')):
        raise UserError(
            f"{where}: {column!r} is a list as Python prints it ({value!r:.40}): write it as JSON."
        )
    return [value]


def _checked(text: str, column: str, where: str) -> str:
    # Only an escape of JSON can produce a lone surrogate, which UTF-8 cannot encode.
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UserError(
                f"{where}: {column!r} holds half a surrogate pair: write it as UTF-8."
            ) from error
    return text
