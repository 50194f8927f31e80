"""Success of edits against the content that they keep: every system over its knob."""

from __future__ import annotations

from matplotlib.lines import Line2D

from benchmark.report.data.control_points import SUCCESS, find_unguided, kept_axis
from benchmark.report.data.points import Board
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.knob_curve import draw_knob_curve
from benchmark.report.figures.marks import crowded, explain_emptiness, look_of, set_limits
from benchmark.report.figures.palette import UNGUIDED_LINE
from benchmark.report.figures.panel_grid import PanelGrid, make_column


def draw_edits(board: Board, task: str) -> PanelGrid:
    """Content kept (x) and success (y); up and right is better."""
    looks, kept = look_of(board), kept_axis(board, task)
    assert kept is not None  # there would be no figure
    grid = make_column(1, many=crowded(board))
    panel = grid.panels[0]
    entries: list[Line2D] = []
    reconstructed: list[float] = []
    for system in board.systems:
        entry = draw_knob_curve(panel, board, task, system, (kept, SUCCESS))
        if entry is None:
            continue
        entries.append(entry)
        unguided, look = find_unguided(board, task, system), looks[system]
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
