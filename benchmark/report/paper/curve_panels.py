"""Curves with bands, and panels task by task: what the figures of the papers share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice

from matplotlib.axes import Axes

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.data.points import Board
from benchmark.report.figures.marks import set_limits
from benchmark.report.figures.palette import COPY_COLOUR, Look, solid
from benchmark.report.figures.panel_grid import PAGE_IN, WIDE_IN, Panel, PanelGrid, make_grid

PANEL_IN = 1.9
MANY = 12
"""Curves beside which bands would only hide each other's lines."""
MOST_MARKS = 10


PanelCurve = Mapping[float, Interval]
"""Values by their places on the x axis, with intervals where there are any."""

Curves = Mapping[str, PanelCurve]
"""System to its curve, in the order of the report."""


def draw_curves(
    ax: Axes, curves: Curves, looks: Mapping[str, Look], *, copy: Interval = UNDEFINED
) -> None:
    """Lines with marks, and bands where there are few enough to be distinguished.

    `copy` is what copying the source scores.
    """
    seen: list[float] = []
    if copy.defined:
        draw_copy(ax, copy)
        seen.append(copy.value)
    for system, curve in curves.items():
        look = looks[system]
        places = [(x, y) for x, y in curve.items() if y.defined]
        if not places:
            continue
        xs, ys = [x for x, _ in places], [y for _, y in places]
        if len(curves) <= MANY and all(y.bounded for y in ys):
            lows, highs = [y.low for y in ys], [y.high for y in ys]
            ax.fill_between(xs, lows, highs, color=look.colour, alpha=0.14, linewidth=0, zorder=2)
            seen += [*lows, *highs]
        values, stride = [y.value for y in ys], math.ceil(len(ys) / MOST_MARKS)
        seen += values
        ax.plot(xs, values, color=look.colour, linestyle=look.line, linewidth=0.9, zorder=3)
        # Few marks, for they only name the line; one of them at its end.
        marked = slice((len(xs) - 1) % stride, None, stride)
        ax.plot(xs[marked], values[marked], zorder=4, **solid(look))
    set_limits(ax, ys=seen)


def draw_copy(ax: Axes, value: Interval) -> None:
    """The height that copying the source reaches."""
    ax.axhline(value.value, color=COPY_COLOUR, linewidth=0.8, zorder=1.5)


def make_task_panels(
    board: Board, tasks: Sequence[str], rows_each: int = 1
) -> tuple[PanelGrid, list[tuple[Panel, ...]]]:
    """A grid, two tasks side by side, and the `rows_each` panels of every task, from above."""
    columns, count = min(2, len(tasks)), rows_each * len(tasks)
    grid = make_grid(
        count, columns,
        width=PAGE_IN if columns > 1 else WIDE_IN, panel_height=PANEL_IN,
    )  # fmt: skip
    unused, found = iter(grid.panels), []
    for first in range(0, len(tasks), columns):
        few = tasks[first : first + columns]
        rows = [list(islice(unused, len(few))) for _ in range(rows_each)]
        for task, *panels in zip(few, *rows, strict=True):
            panels[0].ax.set_title(board.title(task))
            found.append(tuple(panels))
    return grid, found
