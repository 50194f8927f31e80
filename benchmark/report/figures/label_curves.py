"""Success against the number of labelled examples that a system learnt from."""

from __future__ import annotations

from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.data.control_points import (
    KEPT,
    SUCCESS,
    find_unguided,
    has_edits,
    label_curve,
)
from benchmark.report.data.points import CEILING, Board
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry, make_level_entry
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import crowded, draw_level, draw_marks, look_of, set_limits
from benchmark.report.figures.palette import CEILING_COLOUR, LineStyle, solid
from benchmark.report.figures.panel_grid import PanelGrid, make_column

_CEILING_LINE: LineStyle = (0, (4, 2.5))
_UNGUIDED_LINE: LineStyle = (0, (1, 1.8))


def draw_labels(board: Board, task: str) -> PanelGrid:
    """Success over the number of labels (logarithmic), and for edits the content kept."""
    axes = (SUCCESS, KEPT) if has_edits(board, task) else (SUCCESS,)
    looks = look_of(board)
    grid = make_column(len(axes), many=crowded(board))
    entries: dict[str, Line2D] = {}
    counts: set[int] = set()
    for panel, axis in zip(grid.panels, axes, strict=True):
        ax, marks = panel.ax, panel.marks
        ax.set_ylabel(axis.label)
        for system in board.models:
            look, main = looks[system], board.main(task, system)
            points = [p for p in label_curve(board, task, system) if axis.read(p).defined]
            if not points:
                continue
            xs = [float(p.labels or 0) for p in points]
            counts |= {p.labels for p in points if p.labels}
            ys = [axis.read(p) for p in points]
            ax.plot(
                xs, [y.value for y in ys], color=look.colour, linestyle=look.line, zorder=3,
                gid=gid(system),
            )  # fmt: skip
            for large in (False, True):
                kind = [n for n, p in enumerate(points) if (p is main) == large]
                draw_marks(
                    ax, [Interval(value=xs[n]) for n in kind], [ys[n] for n in kind], marks,
                    keywords=solid(look, large=large), large=large,
                    points=[points[n] for n in kind],
                )  # fmt: skip
            entries[system] = make_entry(system, look, is_curve=len(points) > 1)
            unguided = find_unguided(board, task, system)
            if unguided is not None and (y := axis.read(unguided)).defined:
                name = f"{system}, unguided"
                draw_level(ax, marks, "", y.value, look.colour, _UNGUIDED_LINE, system)
                entries[name] = make_level_entry(name, look.colour, _UNGUIDED_LINE)
                entries[name].set_gid(system)
        ceiling = board.main(task, CEILING)
        if ceiling is not None and (y := axis.read(ceiling)).defined:
            draw_level(ax, marks, "", y.value, CEILING_COLOUR, _CEILING_LINE, CEILING)
            entries[CEILING] = make_level_entry(CEILING, CEILING_COLOUR, _CEILING_LINE)
        set_limits(ax, ys=[0.0, *marks.ys])
    grid.panels[0].ax.set_title(board.records.run.tasks[task].title)
    bottom = grid.panels[-1].ax
    bottom.set_xlabel("labelled examples")
    if counts:
        make_logarithmic(bottom, "x", sorted(counts))
        bottom.set_xticks(sorted(counts), [f"{count:,}" for count in sorted(counts)])
    grid.finish(list(entries.values()))
    return grid
