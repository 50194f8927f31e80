"""The published figures: one row per figure, read strictly.

`published.csv` beside this file is what an installed package reads; `reports/published.csv` is the
same file where people look for it, and a test holds both equal. `reports/README.md` explains the
columns.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Literal, get_args

from benchmark.api import UserError

Statistic = Literal["single", "mbr", "oracle", "set", "cost", "unknown"]
"""`single`: one candidate per source, or the mean over several; `set`: over the candidates of a
source; `cost`: speed; `unknown`: not stated."""

Reading = Literal["table", "quoted", "superseded", "secondary", "by eye"]
"""`table`: from the paper's own table; `quoted`: from a table of somebody else's paper;
`superseded`: since corrected by its authors; `secondary`: from a summary of the paper;
`by eye`: off a printed figure."""

NOT_OURS = "not ours"

TASKS = ("qqp", "qg", "wiki_auto", "ccd")

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

    task: str
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


def published_text() -> str:
    """The file as it comes with the package."""
    return (resources.files("benchmark.literature") / "published.csv").read_text(encoding="utf-8")


def published_figures(task: str | None = None) -> tuple[PublishedFigure, ...]:
    """All figures, or those on a task."""
    return tuple(f for f in _every_figure() if task is None or f.task == task)


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
        figure = _figure(row, f"published.csv, line {number}")
        key = identity(figure)
        if key in found:
            raise UserError(f"published.csv, line {number}: the same figure as in {found[key]}.")
        found[key] = number
        figures.append(figure)
    return tuple(figures)


def render(figures: Iterable[PublishedFigure]) -> str:
    """The file that `parse` reads."""
    lines = [_line(COLUMNS)]
    for figure in figures:
        values = (getattr(figure, name) for name in COLUMNS)
        lines.append(_line("" if value is None else str(value) for value in values))
    return "".join(lines)


def identity(figure: PublishedFigure) -> tuple[object, ...]:
    """What must be unique: the place of a figure in its source."""
    f = figure
    return (f.task, f.system, f.metric, f.statistic, f.candidates, f.source)


@cache
def _every_figure() -> tuple[PublishedFigure, ...]:
    return parse(published_text())


def _figure(row: dict[str, str], where: str) -> PublishedFigure:
    try:
        figure = PublishedFigure(
            task=row["task"],
            system=row["system"],
            metric=row["metric"],
            statistic=row["statistic"],  # type: ignore[arg-type]
            candidates=_whole(row["candidates"]),
            value=float(row["value"]),
            scale=row["scale"],
            test_sources=_whole(row["test_sources"]),
            reading=row["reading"],  # type: ignore[arg-type]
            source=row["source"],
            note=row["note"],
        )
    except (ValueError, TypeError) as error:
        raise UserError(f"{where}: {error}.") from error
    if figure.statistic not in get_args(Statistic) or figure.reading not in get_args(Reading):
        raise UserError(f"{where}: {figure.statistic!r} or {figure.reading!r} is not known.")
    if figure.task not in TASKS or not (figure.system and figure.source and figure.scale):
        raise UserError(f"{where}: a task of the paper, a system, a scale and a source are needed.")
    top = math.inf if figure.metric in UNBOUNDED else 1.0
    if not 0.0 <= figure.value <= top or math.isinf(figure.value):
        raise UserError(f"{where}: {figure.metric} {figure.value:g} is out of its range.")
    if figure.scale == NOT_OURS and not figure.note:
        raise UserError(f"{where}: say in the note why the scale is not ours.")
    return figure


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _line(values: Iterable[str]) -> str:
    quoted = (f'"{v.replace(chr(34), chr(34) * 2)}"' if set(v) & set(',"') else v for v in values)
    return ",".join(quoted) + "\n"
