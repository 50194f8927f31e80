"""Quality and speed over the number of steps, and one against the other.

Figure 6 of the paper, and Figure 3 of the second version (arXiv 2310.05793).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.report.data.axes import bleu_axis
from benchmark.report.data.points import COPY, Board, Point
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import Marks, look_of, set_limits
from benchmark.report.figures.palette import Look, hollow, solid
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.paper.curve_panels import draw_copy, make_task_panels

Points = Mapping[str, tuple[Point, ...]]
"""System to its points over the number of steps."""

Read = Callable[[Point], float]


def step_points(board: Board, task: str) -> dict[str, tuple[Point, ...]]:
    """The points of each model over its number of steps; its main setting where it has no other."""
    axis = bleu_axis(board, task)
    found: dict[str, tuple[Point, ...]] = {}
    if axis is None:
        return found
    for system in board.models:
        main = board.main(task, system)
        points = board.nfe_curve(task, system) or ((main,) if main is not None else ())
        kept = tuple(
            p for p in points if p.trials and axis.read(p).defined and speed(p) > 0 and steps(p) > 0
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


def draw_steps(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """Two panels per task over network calls: quality, and candidates per second."""
    looks = look_of(board)
    grid, found = make_task_panels(board, tasks, rows_each=2)
    every = [step_points(board, task) for task in tasks]
    for task, points, (above, below) in zip(tasks, every, found, strict=True):
        # Marks of their own: here the ends get no labels, as their numbers are below them.
        speeds = Marks()
        _draw_quality(above.ax, board, task, points, steps, Marks())
        _draw(below.ax, points, steps, speed, looks, speeds)
        make_logarithmic(below.ax, "y", speeds.ys)
        below.ax.set_ylabel("candidates per second")
        for panel in (above, below):
            panel.ax.set_xlabel("network calls per candidate (NFE)")
            make_logarithmic(panel.ax, "x", speeds.xs)
    grid.finish(_make_legend(board, tasks, every))
    return grid


def draw_speed(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """One panel per task: quality against candidates per second."""
    grid, found = make_task_panels(board, tasks)
    every = [step_points(board, task) for task in tasks]
    for task, points, (panel,) in zip(tasks, every, found, strict=True):
        _draw_quality(panel.ax, board, task, points, speed, panel.marks)
        make_logarithmic(panel.ax, "x", panel.marks.xs)
        panel.ax.set_xlabel("candidates per second")
    grid.finish(_make_legend(board, tasks, every))
    return grid


def _draw_quality(
    ax: Axes, board: Board, task: str, points: Points, across: Read, marks: Marks
) -> None:
    axis = bleu_axis(board, task)
    assert axis is not None  # there would be no points
    _draw(ax, points, across, lambda point: axis.read(point).value, look_of(board), marks)
    copy = board.main(task, COPY)
    if copy is not None and axis.read(copy).defined:
        draw_copy(ax, axis.read(copy))
        marks.ys.append(axis.read(copy).value)
    set_limits(ax, ys=marks.ys)
    ax.set_ylabel(axis.label)


def _draw(
    ax: Axes, points: Points, across: Read, up: Read, looks: Mapping[str, Look], marks: Marks
) -> None:
    """Draw curves with marks; the numbers of calls at their ends are to become labels."""
    for system, curve in points.items():
        look, xs, ys = looks[system], [across(p) for p in curve], [up(p) for p in curve]
        is_sampled = any(p.sampled for p in curve)
        ax.plot(xs, ys, color=look.colour, linestyle=look.line, linewidth=0.9, zorder=3)
        ax.plot(xs, ys, zorder=4, **(solid if is_sampled else hollow)(look))
        marks.xs += xs
        marks.ys += ys
        marks.points += zip(xs, ys, strict=True)
        marks.curves.append((xs, ys))
        marks.label_ends([f"{steps(p):.3g}" for p in curve], xs, ys, look)


def _make_legend(board: Board, tasks: Sequence[str], every: Sequence[Points]) -> list[Line2D]:
    return make_legend(board, every, copy=any(board.main(task, COPY) for task in tasks))
