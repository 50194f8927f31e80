"""Success against the number of attributes that are asked for at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.analysis.composition import Composition, compute_composition
from benchmark.report.data.axes import Axis
from benchmark.report.data.control_points import (
    SENTENCES,
    SUCCESS,
    find_unguided,
    has_edits,
    kept_axis,
)
from benchmark.report.data.points import CEILING, COPY, MADE_OF_REFERENCES, Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.marks import (
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import CEILING_COLOUR, UNGUIDED_LINE, Look, hollow, solid
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column

BESIDE, TOGETHER = 0.07, 0.6
"""How far systems stand beside each other, so that their whiskers can be told apart, and how wide
all of one number may be, so that they are not taken for the next."""

Series = tuple[Point, Look, bool]
"""What is drawn as a line: whose figures, how, and whether it is unguided."""


def draw_composition(board: Board, task: str) -> PanelGrid:
    """Success above; below, the sentences among the candidates or the content kept."""
    found = compute_composition(board, task)
    axes = (SUCCESS, kept_axis(board, task) or SENTENCES)
    grid = make_column(len(axes), many=crowded(board))
    series = list(_list_series(board, task))
    for panel, axis in zip(grid.panels, axes, strict=True):
        panel.ax.set_ylabel(axis.label)
        if found is not None:
            _draw(panel, found, axis, series)
        else:
            explain_emptiness(panel.ax, "the records do not say what was asked for")
    grid.panels[0].ax.set_title(board.records.run.tasks[task].title)
    bottom = grid.panels[-1].ax
    bottom.set_xlabel(
        "attributes changed at once" if has_edits(board, task) else "attributes asked for at once"
    )
    grid.finish([_make_entry(point, look, is_unguided=un) for point, look, un in series])
    if found is not None:
        for panel in grid.panels:
            panel.ax.set_xticks(list(found.sources), [str(number) for number in found.sources])
    return grid


def _list_series(board: Board, task: str) -> Iterator[Series]:
    """The rows of the table but for trivial ones, each guided one with itself unguided."""
    looks = look_of(board)
    for point in board.mains(task):
        if point.system in {COPY, *MADE_OF_REFERENCES} or not point.trials:
            continue
        look = looks[point.system]
        if point.system == CEILING:
            look = replace(look, colour=CEILING_COLOUR)
        yield point, look, False
        unguided = find_unguided(board, task, point.system)
        if unguided is not None and unguided is not point:
            yield unguided, replace(look, line=UNGUIDED_LINE), True


def _draw(panel: Panel, found: Composition, axis: Axis, series: Sequence[Series]) -> None:
    ax, marks = panel.ax, panel.marks
    shown = [s for s in series if any(found.read(s[0], axis, n).defined for n in found.sources)]
    step = min(BESIDE, TOGETHER / max(1, len(shown) - 1))
    reach = step * (len(shown) - 1) / 2
    for place, (point, look, is_unguided) in enumerate(shown):
        beside = step * place - reach
        heights = {n: y for n in found.sources if (y := found.read(point, axis, n)).defined}
        xs, ys = [n + beside for n in heights], list(heights.values())
        ax.plot(
            xs, [y.value for y in ys], color=look.colour, linestyle=look.line, zorder=3,
            gid=gid(point.system),
        )  # fmt: skip
        keywords = hollow(look) if is_unguided else solid(look)
        across = [Interval(value=x) for x in xs]
        draw_marks(ax, across, ys, marks, keywords=keywords, points=[point] * len(xs))
    set_limits(ax, xs=[min(found.sources) - reach, max(found.sources) + reach], ys=[0.0, *marks.ys])


def _make_entry(point: Point, look: Look, *, is_unguided: bool) -> Line2D:
    keywords = hollow(look) if is_unguided else solid(look)
    label = f"{point.system}, unguided" if is_unguided else point.system
    entry = Line2D([], [], label=label, **keywords | {"linestyle": look.line})
    entry.set_gid(point.system)
    return entry
