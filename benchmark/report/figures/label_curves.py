"""Success against the number of labelled examples that a system learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.data.axes import Axis
from benchmark.report.data.control_points import SUCCESS, find_unguided, kept_axis, label_curve
from benchmark.report.data.points import CEILING, Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry, make_level_entry
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import crowded, draw_level, draw_marks, look_of, set_limits
from benchmark.report.figures.palette import (
    CEILING_COLOUR,
    UNGUIDED_LINE,
    LineStyle,
    Look,
    hollow,
    solid,
)
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column

_CEILING_LINE: LineStyle = (0, (4, 2.5))
ALONE_LINE: LineStyle = (0, (1, 1.5))
"""Of a system that learnt from labelled texts and no others."""


def draw_labels(board: Board, task: str) -> PanelGrid:
    """Success over the number of labels (logarithmic), and for edits the content kept."""
    kept = kept_axis(board, task)
    axes = (SUCCESS, *([kept] if kept is not None else []))
    grid = make_column(len(axes), many=crowded(board))
    entries: dict[str, Line2D] = {}
    for panel, axis in zip(grid.panels, axes, strict=True):
        panel.ax.set_ylabel(axis.label)
        _draw(panel, board, task, axis, entries)
    grid.panels[0].ax.set_title(board.records.run.tasks[task].title)
    bottom = grid.panels[-1].ax
    bottom.set_xlabel("labelled examples")
    points = [
        p
        for system in board.systems
        for alone in (False, True)
        for p in label_curve(board, task, system, alone=alone)
    ]
    if counts := sorted({p.labels for p in points if p.labels}):
        make_logarithmic(bottom, "x", counts)
        bottom.set_xticks(counts, [f"{count:,}" for count in counts])
    grid.finish(list(entries.values()))
    return grid


def _draw(panel: Panel, board: Board, task: str, axis: Axis, entries: dict[str, Line2D]) -> None:
    """Draw one quality, and enter into the legend what is drawn."""
    looks = look_of(board)
    for system in board.systems:
        look = looks[system]
        for alone in (False, True):
            curve = label_curve(board, task, system, alone=alone)
            points = [p for p in curve if axis.read(p).defined]
            if not points:
                continue
            drawn = replace(look, line=ALONE_LINE) if alone else look
            keywords = hollow if alone else solid
            _draw_curve(panel, points, board.main(task, system), axis, drawn, keywords)
            name = f"{system}, labels alone" if alone else system
            entries[name] = make_entry(name, drawn, is_sampled=not alone, is_curve=len(points) > 1)
            entries[name].set_gid(system)
        unguided = find_unguided(board, task, system)
        if unguided is not None and (y := axis.read(unguided)).defined:
            name = f"{system}, unguided"
            draw_level(panel.ax, panel.marks, "", y.value, look.colour, UNGUIDED_LINE, system)
            entries[name] = make_level_entry(name, look.colour, UNGUIDED_LINE)
            entries[name].set_gid(system)
    ceiling = board.main(task, CEILING)
    if ceiling is not None and (y := axis.read(ceiling)).defined:
        draw_level(panel.ax, panel.marks, "", y.value, CEILING_COLOUR, _CEILING_LINE, CEILING)
        entries[CEILING] = make_level_entry(CEILING, CEILING_COLOUR, _CEILING_LINE)
    set_limits(panel.ax, ys=[0.0, *panel.marks.ys])


def _draw_curve(
    panel: Panel,
    points: list[Point],
    main: Point | None,
    axis: Axis,
    look: Look,
    keywords: Callable[..., dict[str, Any]],
) -> None:
    """The points of a system over the labels; `keywords` is `solid` or `hollow`."""
    xs = [float(p.labels or 0) for p in points]
    ys = [axis.read(p) for p in points]
    panel.ax.plot(
        xs, [y.value for y in ys], color=look.colour, linestyle=look.line, zorder=3,
        gid=gid(points[0].system),
    )  # fmt: skip
    for large in (False, True):
        kind = [n for n, p in enumerate(points) if (p is main) == large]
        draw_marks(
            panel.ax, [Interval(value=xs[n]) for n in kind], [ys[n] for n in kind], panel.marks,
            keywords=keywords(look, large=large), large=large, points=[points[n] for n in kind],
        )  # fmt: skip
