"""The table of all pairs of systems with their p values, and the same as a data frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from benchmark.records.schema import UNDEFINED, Interval, title_of
from benchmark.report.analysis.significance import (
    TEST,
    Pair,
    Verdicts,
    assign_letters,
    column_of,
    compared,
    main_verdicts,
    tested,
)
from benchmark.report.analysis.standings import compute_standings
from benchmark.report.data.axes import Axis
from benchmark.report.data.columns import Column
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.frontier_table import FRONTIER
from benchmark.report.tables.table import Table, TableCell, TableRow, make_row

SIGNIFICANCE = "significance"
"""Name of the table."""


def build_significance_table(board: Board, task: str) -> Table:
    """Every tested quality as a matrix: differences above the diagonal, p values below."""
    verdicts, axes = main_verdicts(board, task), tested(board, task)
    points = compared(board, task)
    given = assign_letters([p.system for p in points])
    title = title_of(board.records.run.tasks, task)
    columns = tuple(
        Column(
            p.system, "pairs", letter, p.system, "none", lambda _: UNDEFINED,
            about=f"against {p.system}",
        )
        for p in points
        for letter in [given[p.system]]
    )  # fmt: skip
    return Table(
        task=task,
        title="All pairs",
        caption=f"{title}, task {task}: above the diagonal the mean of the row minus that of the"
        " column, ± half of the interval of the difference (same resamples of the sources for"
        " both); below it the adjusted p value. Bold: significant. " + TEST + " Both tests,"
        " separate and unrounded, are in tables/*-pairs.csv.",
        columns=columns,
        rows=tuple(
            _pair_row(board, point, number, points, axis, verdicts, given)
            for axis in axes
            for number, point in enumerate(points)
        ),
        footnotes=(),
        signatures=(),
        name=SIGNIFICANCE,
    )


def build_pair_frame(board: Board, task: str) -> pd.DataFrame:
    """All comparisons of the main table and of the frontiers, one row each."""
    found = compute_standings(board, task)
    tables = {"main": main_verdicts(board, task)}
    if found is not None:
        tables[FRONTIER] = found.verdicts
    fields = (
        "task", "table", "column", "first", "second", "difference", "low", "high",
        "p_randomisation", "p_bootstrap", "p_adjusted",
    )  # fmt: skip
    return pd.DataFrame(
        [
            (task, table, p.column, p.first, p.second, p.difference.value, p.difference.low,
             p.difference.high, p.p_randomisation, p.p_bootstrap, p.adjusted)
            for table, verdicts in tables.items()
            for p in verdicts.pairs
        ],
        columns=list(fields),
    )  # fmt: skip


def _pair_row(
    board: Board,
    point: Point,
    number: int,
    points: tuple[Point, ...],
    axis: Axis,
    verdicts: Verdicts,
    given: Mapping[str, str],
) -> TableRow:
    row = make_row(board, point, ())
    entries = {}
    for place, other in enumerate(points):
        pair = verdicts.pair(column_of(axis), point.system, other.system)
        keys = (*point.keys("score"), *other.keys("score"))
        entries[other.system] = _pair_entry(pair, keys, above=place > number)
    return replace(
        row,
        # Groups of rows are families elsewhere; here they are what was measured.
        family=axis.label,
        entries=entries,
        marks="",
        letter=given[point.system],
    )


def _pair_entry(pair: Pair | None, keys: tuple[str, ...], *, above: bool) -> TableCell:
    if pair is None:
        return TableCell(UNDEFINED, (), dash="not compared")
    shown = pair.difference if above else Interval(value=pair.adjusted)
    return TableCell(shown, keys, bold=pair.significant)
