"""Quality against cost: network calls, or seconds, per candidate, on a logarithmic axis.

Calls are a property of the method, seconds of the method on one machine: a call of a small
network on a large batch and one of a large network on a small batch are one call each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.data.axes import VALIDITY, Axis, quality_axis
from benchmark.report.data.points import CEILING, COPY, YARDSTICK, Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import (
    Marks,
    annotate,
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import (
    CEILING_COLOUR,
    COPY_COLOUR,
    LineStyle,
    Look,
    darken,
    hollow,
    solid,
)
from benchmark.report.figures.sheet import COLUMN_IN, WIDE_IN, Sheet, make_sheet


@dataclass(frozen=True)
class CostAxis:
    """A field of `TrialCost` as an x axis."""

    field: str
    label: str

    def read(self, point: Point) -> float:
        """The cost of a point; NaN where it has no place on a logarithmic axis."""
        value = point.cost(self.field)
        return value if value > 0 else math.nan


NFE = CostAxis("depth", "network calls per candidate (NFE)")
SECONDS = CostAxis("seconds_per_candidate", "seconds per candidate")


LEVELS: tuple[tuple[str, str, LineStyle], ...] = (
    (CEILING, CEILING_COLOUR, (0, (4, 2.5))),
    (COPY, COPY_COLOUR, "-"),
)
"""Yardsticks that are drawn as horizontal lines."""


def draw_cost(board: Board, task: str, axis: CostAxis) -> Sheet:
    """The qualities of a task over a cost, below each other, at column width."""
    known = [VALIDITY] if VALIDITY.metric in board.metrics(task) else []
    usual = quality_axis(board, task)
    shown = [*known, *([usual] if usual else [])]
    styles, many = look_of(board), crowded(board)
    sheet = make_sheet(
        max(1, len(shown)), 1,
        width=WIDE_IN if many else COLUMN_IN,
        panel_height=2.0 if many or len(shown) < 2 else 1.5, share="x",
    )  # fmt: skip
    models = [s for s in board.systems if board.records.run.systems[s].family != YARDSTICK]
    drawn = [
        _draw(panel.ax, board, task, (axis, y_axis), models, styles)
        for panel, y_axis in zip(sheet.panels, shown, strict=False)
    ]
    sheet.panels[0].ax.set_title(board.records.run.tasks[task].title)
    sheet.panels[-1].ax.set_xlabel(axis.label)
    xs = [x for marks in drawn for x in marks.xs]
    if xs:
        make_logarithmic(sheet.panels[0].ax, "x", xs)
    else:
        explain_emptiness(sheet.panels[0].ax, "no costs in the records")
    sheet.finish(*_legend(board, task, models, styles))
    for panel, marks in zip(sheet.panels, drawn, strict=False):
        annotate(panel.ax, marks)
    return sheet


def _draw(
    ax: Axes,
    board: Board,
    task: str,
    plane: tuple[CostAxis, Axis],
    models: Sequence[str],
    styles: dict[str, Look],
) -> Marks:
    x_axis, y_axis = plane
    marks = Marks(crowded(board))
    ax.set_ylabel(y_axis.label)
    for system in models:
        look = styles[system]
        curve = [p for p in board.nfe_curve(task, system) if _has_place(p, plane)]
        if len(curve) > 1:
            xs = [x_axis.read(p) for p in curve]
            ys = [y_axis.read(p).value for p in curve]
            ax.plot(xs, ys, color=look.colour, linestyle=look.line, zorder=3, gid=gid(system))
            marks.curves.append((xs, ys))
        main = board.main(task, system)
        small = [p for p in curve if p is not main]
        large = [main] if main is not None and _has_place(main, plane) else []
        for points, is_large in ((small, False), (large, True)):
            for sampled, keywords in ((True, solid), (False, hollow)):
                kind = [p for p in points if p.sampled == sampled]
                draw_marks(
                    ax,
                    [Interval(value=x_axis.read(p)) for p in kind],
                    [y_axis.read(p) for p in kind],
                    marks,
                    keywords=keywords(look, large=is_large),
                    large=is_large,
                    points=kind,
                )
        if x_axis is SECONDS and len(curve) > 1:
            first, last = (
                (
                    f"{p.cost('depth'):.3g}",
                    x_axis.read(p),
                    y_axis.read(p).value,
                    darken(look.colour),
                )
                for p in (curve[0], curve[-1])
            )
            marks.wishes.append((first, last))
    for system, colour, line in LEVELS:
        level = board.main(task, system)
        if level is not None and (y := y_axis.read(level)).defined:
            ax.axhline(
                y.value, color=colour, linestyle=line, linewidth=0.8, zorder=1.5, gid=gid(system)
            )
            marks.ys.append(y.value)
            marks.levels.append((f"{system} {y.value:.3g}", y.value, darken(colour)))
    set_limits(ax, ys=marks.ys)
    return marks


def _has_place(point: Point, plane: tuple[CostAxis, Axis]) -> bool:
    return math.isfinite(plane[0].read(point)) and plane[1].read(point).defined


def _legend(
    board: Board, task: str, models: Sequence[str], styles: dict[str, Look]
) -> tuple[list[Line2D], list[str]]:
    handles, labels = [], []
    for system in models:
        main, curve = board.main(task, system), board.nfe_curve(task, system)
        points = [p for p in (main, *curve) if p is not None and p.cells]
        if not points:
            continue
        sampled = any(p.sampled for p in points)
        keywords = (solid if sampled else hollow)(styles[system])
        if len(curve) > 1:
            keywords["linestyle"] = styles[system].line
        handles.append(Line2D([], [], **keywords))
        labels.append(system)
    for system, colour, line in LEVELS:
        if (main := board.main(task, system)) is not None and main.cells:
            handles.append(Line2D([], [], color=colour, linestyle=line, linewidth=0.8))
            labels.append(system)
    return handles, labels
