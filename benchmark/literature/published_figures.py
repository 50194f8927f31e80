"""The published figures: one row per figure, read strictly.

`published.csv` beside this file is what an installed package reads; `reports/published.csv` is the
same file where people look for it, and a test holds both equal. `reports/README.md` explains the
columns.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib import resources
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from benchmark.api import UserError
from benchmark.api.invalid_values import first_problem

Statistic = Literal["single", "mbr", "oracle", "set", "cost", "unknown"]
"""`single`: one candidate per source, or the mean over several; `set`: over the candidates of a
source; `cost`: speed; `unknown`: not stated."""

Reading = Literal["table", "quoted", "superseded", "secondary", "by eye"]
"""`table`: from the paper's own table; `quoted`: from a table of somebody else's paper;
`superseded`: since corrected by its authors; `secondary`: from a summary of the paper;
`by eye`: off a printed figure."""

NOT_OURS = "not ours"

Task = Literal["qqp", "qg", "wiki_auto", "ccd"]
"""The tasks of the paper."""

TASKS = get_args(Task)

UNBOUNDED = (
    "Len",
    "speed it/s",
    "speed samples/s (A100)",
    "seconds per batch of 50 (T=2000; V100)",
)
"""What is no share; all else lies in [0, 1]."""


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One figure of the literature."""

    task: Task
    system: str
    """Without what the statistic says."""
    metric: str
    """As its paper calls it."""
    statistic: Statistic
    candidates: int | None
    """Candidates per source behind it; None where not stated."""
    value: float
    scale: str
    """The id of our metric that computes the same, or `not ours`."""
    test_sources: int | None
    """Sources of the test split; None where that is not certain."""
    reading: Reading
    source: str
    note: str
    """Why it is not ours, or what is doubtful."""


COLUMNS = tuple(field.name for field in fields(PublishedFigure))

_MAY_BE_EMPTY = ("candidates", "test_sources")
_READER = TypeAdapter(PublishedFigure)


def published_text() -> str:
    """The file as it comes with the package."""
    return (resources.files("benchmark.literature") / "published.csv").read_text(encoding="utf-8")


@cache
def published_figures(task: str | None = None) -> tuple[PublishedFigure, ...]:
    """All figures, or those on a task."""
    return tuple(f for f in parse(published_text()) if task is None or f.task == task)


def parse(text: str) -> tuple[PublishedFigure, ...]:
    """Read a file of published figures.

    Raises:
        UserError: for other columns, a value that does not fit, or a figure that occurs twice.
    """
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise UserError(f"published.csv must have the columns {', '.join(COLUMNS)}.")
    found: dict[tuple[object, ...], int] = {}
    figures = []
    for number, row in enumerate(reader, start=2):
        figure = _read_row(row, f"published.csv, line {number}")
        key = identity(figure)
        if key in found:
            raise UserError(f"published.csv, line {number}: the same figure as in {found[key]}.")
        found[key] = number
        figures.append(figure)
    return tuple(figures)


def render(figures: Iterable[PublishedFigure]) -> str:
    """The file that `parse` reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(figure) for figure in figures)
    return out.getvalue()


def identity(figure: PublishedFigure) -> tuple[object, ...]:
    """What must be unique: the place of a figure in its source."""
    return (
        figure.task, figure.system, figure.metric, figure.statistic, figure.candidates,
        figure.source,
    )  # fmt: skip


def _read_row(row: dict[str, str], where: str) -> PublishedFigure:
    try:
        # An empty field is None where a number may be missing, and else fails its own check.
        figure = _READER.validate_python(row | {n: row[n] or None for n in _MAY_BE_EMPTY})
    except ValidationError as error:
        raise UserError(f"{where}: {first_problem(error)}.") from error
    if not (figure.system and figure.source and figure.scale):
        raise UserError(f"{where}: a system, a scale and a source are needed.")
    top = math.inf if figure.metric in UNBOUNDED else 1.0
    if not 0.0 <= figure.value <= top or math.isinf(figure.value):
        raise UserError(f"{where}: {figure.metric} {figure.value:g} is out of its range.")
    if figure.scale == NOT_OURS and not figure.note:
        raise UserError(f"{where}: say in the note why the scale is not ours.")
    return figure
