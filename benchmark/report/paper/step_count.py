"""Quality and speed over the number of steps, and one against the other.

Figure 6 of the paper, and Figure 3 of the second version (arXiv 2310.05793).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import title_of
from benchmark.report.data.axes import Axis, quality_axis
from benchmark.report.data.points import COPY, YARDSTICK, Board, Point
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import Marks, annotate, look_of, set_limits
from benchmark.report.figures.palette import Look, darken, hollow, solid
from benchmark.report.figures.sheet import Sheet
from benchmark.report.paper.curve_panels import (
    draw_copy,
    in_order,
    make_legend,
    make_task_sheet,
    panels_of,
)

Points = Mapping[str, tuple[Point, ...]]
"""System to its points over the number of steps."""

Read = Callable[[Point], float]


def step_points(board: Board, task: str) -> dict[str, tuple[Point, ...]]:
    """The points of each model over its number of steps; its main setting where it has no other."""
    axis = quality_axis(board, task)
    found: dict[str, tuple[Point, ...]] = {}
    for system in board.systems:
        if axis is None or board.records.run.systems[system].family == YARDSTICK:
            continue
        main = board.main(task, system)
        points = board.nfe_curve(task, system) or ((main,) if main is not None else ())
        kept = tuple(
            p for p in points if p.cells and axis.read(p).defined and speed(p) > 0 and steps(p) > 0
        )
        if kept:
            found[system] = kept
    return found


def has_steps(board: Board, task: str) -> bool:
    """Whether some system was decoded with several numbers of steps."""
    return any(len(points) > 1 for points in step_points(board, task).values())


def speed(point: Point) -> float:
    """Candidates per second; 0 where the time was not measured."""
    seconds = point.cost("seconds_per_candidate")
    return 1.0 / seconds if seconds > 0 else 0.0


def steps(point: Point) -> float:
    """Network calls in sequence, per candidate."""
    return point.cost("depth")


def draw_steps(board: Board, tasks: Sequence[str]) -> Sheet:
    """Two panels per task over network calls: quality, and candidates per second."""
    styles, sheet = look_of(board), make_task_sheet(tasks, rows_each=2)
    every = [step_points(board, task) for task in tasks]
    for task, points, panels in zip(tasks, every, panels_of(sheet, tasks, 2), strict=True):
        above, below = panels
        above.set_title(title_of(board.records.run.tasks, task))
        _draw_quality(above, board, task, points, steps, styles)
        speeds = _draw(below, points, steps, speed, styles)
        make_logarithmic(below, "y", speeds.ys)
        below.set_ylabel("candidates per second")
        for ax in panels:
            ax.set_xlabel("network calls per candidate (NFE)")
            make_logarithmic(ax, "x", speeds.xs)
    sheet.finish(*_legend(board, tasks, every, styles))
    return sheet


def draw_speed(board: Board, tasks: Sequence[str]) -> Sheet:
    """One panel per task: quality against candidates per second."""
    styles, sheet = look_of(board), make_task_sheet(tasks)
    every = [step_points(board, task) for task in tasks]
    drawn: list[tuple[Axes, Marks]] = []
    for task, points, (ax,) in zip(tasks, every, panels_of(sheet, tasks), strict=True):
        ax.set_title(title_of(board.records.run.tasks, task))
        marks = _draw_quality(ax, board, task, points, speed, styles)
        make_logarithmic(ax, "x", marks.xs)
        ax.set_xlabel("candidates per second")
        drawn.append((ax, marks))
    sheet.finish(*_legend(board, tasks, every, styles))
    for ax, marks in drawn:
        annotate(ax, marks)
    return sheet


def _draw_quality(
    ax: Axes, board: Board, task: str, points: Points, across: Read, styles: Mapping[str, Look]
) -> Marks:
    axis = quality_axis(board, task)
    assert axis is not None  # there would be no points
    marks = _draw(ax, points, across, _value_on(axis), styles)
    copy = board.main(task, COPY)
    if copy is not None and axis.read(copy).defined:
        draw_copy(ax, axis.read(copy))
        marks.ys.append(axis.read(copy).value)
    set_limits(ax, ys=marks.ys)
    ax.set_ylabel(axis.label)
    return marks


def _value_on(axis: Axis) -> Read:
    return lambda point: axis.read(point).value


def _draw(ax: Axes, points: Points, across: Read, up: Read, styles: Mapping[str, Look]) -> Marks:
    """Curves with marks; the numbers of calls at their ends are to become labels."""
    marks = Marks()
    for system, curve in points.items():
        look, xs, ys = styles[system], [across(p) for p in curve], [up(p) for p in curve]
        is_sampled = any(p.sampled for p in curve)
        ax.plot(xs, ys, color=look.colour, linestyle=look.line, linewidth=0.9, zorder=3)
        ax.plot(xs, ys, zorder=4, **(solid if is_sampled else hollow)(look))
        marks.xs += xs
        marks.ys += ys
        marks.points += zip(xs, ys, strict=True)
        marks.curves.append((xs, ys))
        if len(curve) > 1:
            first, last = (
                (f"{steps(curve[i]):.3g}", xs[i], ys[i], darken(look.colour)) for i in (0, -1)
            )
            marks.wishes.append((first, last))
    return marks


def _legend(
    board: Board, tasks: Sequence[str], every: Sequence[Points], styles: Mapping[str, Look]
) -> tuple[list[Line2D], list[str]]:
    has_copy = any(board.main(task, COPY) for task in tasks)
    return make_legend(in_order(board.systems, every), styles, copy=has_copy)
