"""The table of all pairs of systems with their p values, and the same as a data frame."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.significance import RULE, Verdicts, assign_letters
from benchmark.report.analysis.verdicts import (
    column_of,
    compared_points,
    task_verdicts,
    warn_of_seeds,
)
from benchmark.report.data.axes import quality_axes
from benchmark.report.data.columns import Column
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import SPREAD, Table, TableCell, make_row

SIGNIFICANCE = "significance"
"""Name of the table."""


def build_significance_table(board: Board, task: str) -> Table:
    """Every tested quality as a matrix: differences above the diagonal, p values below."""
    points = compared_points(board, task)
    letters = assign_letters([p.system for p in points])
    columns = tuple(
        Column(
            system, "pairs", letter, system, "none", lambda _: UNDEFINED, about=f"against {system}"
        )
        for system, letter in letters.items()
    )
    rows = [
        replace(
            make_row(board, point, ()),
            # Groups of rows are families elsewhere; here they are what was measured.
            family=axis.label,
            entries=_make_pair_cells(task_verdicts(board, task), column_of(axis), points, number),
            marks="",
            letter=letters[point.system],
        )
        for axis in quality_axes(board, task)
        for number, point in enumerate(points)
    ]
    return Table(
        task=task,
        title="All pairs",
        caption=f"{board.heading(task)}: above the diagonal the mean of the row minus that of the"
        " column, with the interval of the difference (same resamples of the sources for both);"
        f" below it the adjusted p value. {SPREAD} Bold: significant. {RULE} Both tests, separate"
        f" and unrounded, are in tables/*-pairs.csv. {warn_of_seeds(board)}".rstrip(),
        columns=columns,
        rows=tuple(rows),
        name=SIGNIFICANCE,
        sign_caption=f"{board.heading(task)}: > where the row is significantly better than the"
        " column, < where it is significantly worse, · where neither. Differences with their"
        f" intervals and p values are in tables/*-significance.md and *-pairs.csv. {RULE}"
        f" {warn_of_seeds(board)}".rstrip(),
    )


def build_pair_frame(board: Board, task: str) -> pd.DataFrame:
    """All comparisons of a task, one row each."""
    rows = [
        (task, p.column, p.first, p.second, p.difference.value, p.difference.low,
         p.difference.high, p.p_randomisation, p.p_bootstrap, p.adjusted)
        for p in task_verdicts(board, task).pairs
    ]  # fmt: skip
    heads = (
        "task", "column", "first", "second", "difference", "low", "high",
        "p_randomisation", "p_bootstrap", "p_adjusted",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(heads))


def _make_pair_cells(
    verdicts: Verdicts, column: str, points: tuple[Point, ...], number: int
) -> dict[str, TableCell]:
    """The cells of a row: differences above the diagonal, p values below."""
    point, cells = points[number], {}
    for place, other in enumerate(points):
        pair = verdicts.pair(column, point.system, other.system)
        if pair is None:
            cells[other.system] = TableCell(UNDEFINED, (), dash="not compared")
            continue
        shown = pair.difference if place > number else Interval(value=pair.adjusted)
        keys = (*point.keys("score"), *other.keys("score"))
        cells[other.system] = TableCell(shown, keys, bold=pair.significant)
    return cells
