"""Success of edits against the content that they keep: every system over its knob."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.lines import Line2D

from benchmark.report.data.axes import Axis, Plane
from benchmark.report.data.control_points import SUCCESS, find_unguided, kept_axis
from benchmark.report.data.points import Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry
from benchmark.report.figures.marks import (
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import UNGUIDED_LINE, Look, hollow, solid
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column


def draw_edits(board: Board, task: str) -> PanelGrid:
    """Content kept (x) and success (y); up and right is better."""
    looks, kept = look_of(board), kept_axis(board, task)
    assert kept is not None  # there would be no figure
    plane = (kept, SUCCESS)
    grid = make_column(1, many=crowded(board))
    panel = grid.panels[0]
    entries: list[Line2D] = []
    reconstructed: list[float] = []
    for system in board.systems:
        points = _settings(board, task, system, plane)
        if not points:
            continue
        look, main = looks[system], board.main(task, system)
        unguided = find_unguided(board, task, system)
        _draw_curve(panel, points, plane, look, main=main, unguided=unguided)
        entries.append(
            make_entry(system, look, is_sampled=points[0].sampled, is_curve=len(points) > 1)
        )
        if unguided is not None and kept.read(unguided).defined:
            reconstructed.append(kept.read(unguided).value)
            panel.ax.axvline(
                reconstructed[-1], color=look.colour, linestyle=UNGUIDED_LINE,
                linewidth=1.0, zorder=1.5, gid=gid(system),
            )  # fmt: skip
            line = Line2D([], [], label=f"{system}, reconstruction", color=look.colour,
                          linestyle=UNGUIDED_LINE, linewidth=1.0)  # fmt: skip
            line.set_gid(system)
            entries.append(line)
    panel.ax.set_title(board.records.run.tasks[task].title)
    panel.ax.set_xlabel(kept.label)
    panel.ax.set_ylabel(SUCCESS.label)
    if panel.marks.points:
        set_limits(panel.ax, xs=[0.0, *panel.marks.xs], ys=[0.0, *panel.marks.ys])
        # Labels are kept off the lines.
        panel.marks.curves += [([x, x], list(panel.ax.get_ylim())) for x in reconstructed]
    else:
        explain_emptiness(panel.ax, "no edits were measured")
    grid.finish(entries)
    return grid


def _settings(board: Board, task: str, system: str, plane: Plane) -> tuple[Point, ...]:
    """The curve of a system over its knob, or its main setting alone."""
    main = board.main(task, system)
    curve = next((c for c in board.sweeps(task, system) if len(c) > 1), ())
    return tuple(p for p in curve or (main,) if p is not None and _is_placed(p, plane))


def _is_placed(point: Point, axes: Sequence[Axis]) -> bool:
    return bool(point.trials) and all(axis.read(point).defined for axis in axes)


def _draw_curve(
    panel: Panel,
    points: Sequence[Point],
    plane: Plane,
    look: Look,
    *,
    main: Point | None,
    unguided: Point | None,
) -> None:
    """The settings of a system: large in the table, hollow where it is not steered."""
    ax, marks = panel.ax, panel.marks
    across, up = ([axis.read(p) for p in points] for axis in plane)
    xs, ys = [x.value for x in across], [y.value for y in up]
    if len(points) > 1:
        ax.plot(xs, ys, color=look.colour, linestyle=look.line, zorder=3, gid=gid(points[0].system))
        marks.curves.append((xs, ys))
        marks.label_ends([f"{p.knob_value:g}" for p in points], xs, ys, look)
    for point, x, y in zip(points, across, up, strict=True):
        is_large = point is main
        keywords = hollow if point is unguided or not point.sampled else solid
        draw_marks(
            ax, [x], [y], marks,
            keywords=keywords(look, large=is_large), large=is_large, points=[point],
        )  # fmt: skip
