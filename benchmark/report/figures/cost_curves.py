"""Quality against cost: network calls, or seconds, per candidate, on a logarithmic axis.

Calls are a property of the method, seconds of the method on one machine: a call of a small
network on a large batch and one of a large network on a small batch are one call each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.data.axes import Axis, quality_axes
from benchmark.report.data.control_points import find_unguided, is_hollow
from benchmark.report.data.points import CEILING, COPY, Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry, make_level_entry
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import (
    crowded,
    draw_level,
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
    hollow,
    solid,
)
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column


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


def draw_cost(board: Board, task: str, axis: CostAxis) -> PanelGrid:
    """The qualities of a task over a cost, below each other, at column width."""
    shown = quality_axes(board, task)
    looks = look_of(board)
    grid = make_column(len(shown), many=crowded(board))
    for panel, y_axis in zip(grid.panels, shown, strict=False):
        _draw(panel, board, task, (axis, y_axis), looks)
    top = grid.panels[0].ax
    top.set_title(board.records.run.tasks[task].title)
    grid.panels[-1].ax.set_xlabel(axis.label)
    if xs := [x for panel in grid.panels for x in panel.marks.xs]:
        make_logarithmic(top, "x", xs)
    else:
        explain_emptiness(top, "no costs in the records")
    grid.finish(_make_legend(board, task, looks))
    return grid


def _draw(
    panel: Panel, board: Board, task: str, plane: tuple[CostAxis, Axis], looks: Mapping[str, Look]
) -> None:
    ax, marks = panel.ax, panel.marks
    marks.sparse = crowded(board)
    x_axis, y_axis = plane
    ax.set_ylabel(y_axis.label)
    for system in board.models:
        look = looks[system]
        curve = [p for p in board.nfe_curve(task, system) if _has_place(p, plane)]
        if len(curve) > 1:
            xs = [x_axis.read(p) for p in curve]
            ys = [y_axis.read(p).value for p in curve]
            ax.plot(xs, ys, color=look.colour, linestyle=look.line, zorder=3, gid=gid(system))
            marks.curves.append((xs, ys))
            if x_axis is SECONDS:
                marks.label_ends([f"{p.cost('depth'):.3g}" for p in curve], xs, ys, look)
        main = board.main(task, system)
        small = [p for p in curve if p is not main]
        large = [main] if main is not None and _has_place(main, plane) else []
        for points, is_large in ((small, False), (large, True)):
            for keywords in (solid, hollow):
                kind = [p for p in points if is_hollow(board, p) == (keywords is hollow)]
                draw_marks(
                    ax, [Interval(value=x_axis.read(p)) for p in kind],
                    [y_axis.read(p) for p in kind], marks,
                    keywords=keywords(look, large=is_large), large=is_large, points=kind,
                )  # fmt: skip
        unguided = find_unguided(board, task, system)
        if unguided is not None and unguided is not main and _has_place(unguided, plane):
            draw_marks(
                ax, [Interval(value=x_axis.read(unguided))], [y_axis.read(unguided)], marks,
                keywords=hollow(look), points=[unguided],
            )  # fmt: skip
    for system, colour, line in LEVELS:
        level = board.main(task, system)
        if level is not None and (y := y_axis.read(level)).defined:
            draw_level(ax, marks, f"{system} {y.value:.3g}", y.value, colour, line, system)
    set_limits(ax, ys=marks.ys)


def _has_place(point: Point, plane: tuple[CostAxis, Axis]) -> bool:
    return math.isfinite(plane[0].read(point)) and plane[1].read(point).defined


def _make_legend(board: Board, task: str, looks: Mapping[str, Look]) -> list[Line2D]:
    entries = []
    for system in board.models:
        main, curve = board.main(task, system), board.nfe_curve(task, system)
        points = [p for p in (main, *curve) if p is not None and p.trials]
        if points:
            is_solid = not all(is_hollow(board, p) for p in points)
            entries.append(
                make_entry(system, looks[system], is_sampled=is_solid, is_curve=len(curve) > 1)
            )
        unguided = find_unguided(board, task, system)
        if unguided is not None and unguided is not main:
            label, look = f"{system}, unguided", looks[system]
            entries.append(Line2D([], [], label=label, **hollow(look)))
            entries[-1].set_gid(system)
    for system, colour, line in LEVELS:
        if (main := board.main(task, system)) is not None and main.trials:
            entries.append(make_level_entry(system, colour, line))
    return entries
