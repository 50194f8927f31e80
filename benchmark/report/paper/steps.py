"""Quality and speed over the number of steps: the paper's Figure 6."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.report.figures.axes import Axis, quality_axis
from benchmark.report.figures.logarithmic import logarithmic
from benchmark.report.figures.marks import Marks, annotate, look_of, set_limits
from benchmark.report.figures.palette import darker, hollow, solid
from benchmark.report.figures.sheet import Sheet
from benchmark.report.paper.curves import draw_copy, in_order, legend, panels_of, task_sheet
from benchmark.report.points import COPY, YARDSTICK, Board, Point
from benchmark.report.records import title_of


def step_curves(board: Board, task: str) -> dict[str, tuple[Point, ...]]:
    """The points of each model over its number of steps; its main setting where it has no other."""
    axis = quality_axis(board, task)
    found: dict[str, tuple[Point, ...]] = {}
    for system in board.systems:
        if axis is None or board.records.run.systems[system].family == YARDSTICK:
            continue
        main = board.main(task, system)
        points = board.nfe_curve(task, system) or ((main,) if main is not None else ())
        kept = tuple(p for p in points if p.cells and _speed(p) and axis.read(p).defined)
        if kept:
            found[system] = kept
    return found


def has_steps(board: Board, task: str) -> bool:
    """Whether some system was decoded with several numbers of steps."""
    return any(len(points) > 1 for points in step_curves(board, task).values())


def draw_steps(board: Board, tasks: Sequence[str]) -> Sheet:
    """One panel a task: candidates per second, logarithmic, against quality."""
    styles, sheet = look_of(board), task_sheet(tasks)
    drawn, marked = [], []
    for task, (ax,) in zip(tasks, panels_of(sheet, tasks), strict=True):
        axis = quality_axis(board, task)
        assert axis is not None  # there would be no curve
        curves, marks = step_curves(board, task), Marks()
        for system, points in curves.items():
            look = styles[system]
            xs, ys = [_speed(p) for p in points], [axis.read(p).value for p in points]
            if len(points) > 1:
                ax.plot(xs, ys, color=look.colour, linestyle=look.line, linewidth=0.9, zorder=3)
            sampled = any(p.sampled for p in points)
            ax.plot(xs, ys, zorder=4, **(solid if sampled else hollow)(look))
            marks.xs += xs
            marks.ys += ys
            marks.points += zip(xs, ys, strict=True)
            marks.curves.append((xs, ys))
            if len(points) > 1:
                marks.wishes.append((_wish(points[0], axis, look.colour),
                                     _wish(points[-1], axis, look.colour)))  # fmt: skip
        copy = board.main(task, COPY)
        if copy is not None and axis.read(copy).defined:
            draw_copy(ax, axis.read(copy))
            marks.ys.append(axis.read(copy).value)
        set_limits(ax, ys=marks.ys)
        logarithmic(ax, "x", marks.xs)
        ax.set_title(title_of(board.records.run.tasks, task))
        ax.set_xlabel("candidates per second")
        ax.set_ylabel(axis.label)
        drawn.append(curves)
        marked.append((ax, marks))
    has_copy = any(board.main(task, COPY) for task in tasks)
    sheet.finish(*legend(in_order(board.systems, drawn), styles, copy=has_copy))
    for ax, marks in marked:
        annotate(ax, marks)
    return sheet


def _speed(point: Point) -> float:
    """Candidates per second; 0 where the time was not measured."""
    seconds = point.cost("seconds_per_candidate")
    return 1.0 / seconds if seconds > 0 else 0.0


def _wish(point: Point, axis: Axis, colour: str) -> tuple[str, float, float, str]:
    text = f"{point.cost('depth'):.3g}"
    return text, _speed(point), axis.read(point).value, darker(colour)
