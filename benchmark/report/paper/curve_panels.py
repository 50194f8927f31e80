"""Curves with bands, and sheets with one panel per task: what the figures of the paper share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.figures.marks import set_limits
from benchmark.report.figures.palette import COPY_COLOUR, Look, solid
from benchmark.report.figures.sheet import PAGE_IN, WIDE_IN, Sheet, make_sheet

PANEL_IN = 1.9
MANY = 12
"""Curves beside which bands would only hide each other's lines."""
MOST_MARKS = 10


@dataclass(frozen=True)
class PanelCurve:
    """Values over `xs`, with intervals where there are any."""

    xs: tuple[float, ...]
    ys: tuple[Interval, ...]


Curves = Mapping[str, PanelCurve]
"""System to its curve, in the order of the report."""


def draw_curves(
    ax: Axes, curves: Curves, styles: Mapping[str, Look], *, copy: Interval = UNDEFINED
) -> None:
    """Lines with marks, and bands where there are few enough to be distinguished.

    `copy` is what copying the source scores.
    """
    seen: list[float] = []
    if copy.defined:
        draw_copy(ax, copy)
        seen.append(copy.value)
    for system, curve in curves.items():
        look = styles[system]
        places = [(x, y) for x, y in zip(curve.xs, curve.ys, strict=True) if y.defined]
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


def make_task_sheet(tasks: Sequence[str], rows_each: int = 1) -> Sheet:
    """A sheet with `rows_each` panels for every task, two tasks side by side; see `panels_of`."""
    columns = min(2, len(tasks))
    count = rows_each * len(tasks)
    return make_sheet(
        math.ceil(count / columns), columns,
        width=PAGE_IN if columns > 1 else WIDE_IN, panel_height=PANEL_IN, count=count,
    )  # fmt: skip


def panels_of(sheet: Sheet, tasks: Sequence[str], rows_each: int = 1) -> Iterable[tuple[Axes, ...]]:
    """The panels of each task, from above."""
    panels = iter(sheet.panels)
    for first in range(0, len(tasks), sheet.columns):
        few = len(tasks[first : first + sheet.columns])
        grid = [[next(panels).ax for _ in range(few)] for _ in range(rows_each)]
        yield from zip(*grid, strict=True)


def make_legend(
    systems: Iterable[str], styles: Mapping[str, Look], *, copy: bool = False
) -> tuple[list[Line2D], list[str]]:
    """Handles and labels of the systems that are drawn; `copy` adds the line of the copy."""
    handles, labels = [], []
    for system in systems:
        keywords = solid(styles[system]) | {"linestyle": styles[system].line}
        handles.append(Line2D([], [], **keywords))
        labels.append(system)
    if copy:
        handles.append(Line2D([], [], color=COPY_COLOUR, linewidth=0.8))
        labels.append("copy-source")
    return handles, labels


def in_order(systems: Sequence[str], drawn: Iterable[Iterable[str]]) -> list[str]:
    """The systems that occur in some panel, in the order of the report."""
    seen = {system for of_panel in drawn for system in of_panel}
    return [system for system in systems if system in seen]
