"""Success among the sentences apart from the share of sentences: their product is the success."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D

from benchmark.report.data.control_points import AMONG_SENTENCES, SENTENCES
from benchmark.report.data.points import COPY, MADE_OF_REFERENCES, Board
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.knob_curve import draw_knob_curve
from benchmark.report.figures.labels import SIZE_PT
from benchmark.report.figures.marks import crowded, explain_emptiness
from benchmark.report.figures.palette import MUTED
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column

LEVELS = (0.2, 0.4, 0.6, 0.8)
"""Successes whose curves are drawn."""

EQUAL = "equal success"
"""How the legend calls these curves."""

TOP = 1.04
"""End of both axes, so that marks at 1 are whole."""


def draw_sentence_shares(board: Board, task: str) -> PanelGrid:
    """Sentences (x) and success among them (y), every system over its knob."""
    grid = make_column(1, many=crowded(board))
    panel, ax = grid.panels[0], grid.panels[0].ax
    _draw_levels(panel)
    entries = [
        entry
        for system in board.systems
        if system not in {COPY, *MADE_OF_REFERENCES}
        and (entry := draw_knob_curve(panel, board, task, system, (SENTENCES, AMONG_SENTENCES)))
    ]
    ax.set(xlim=(0, TOP), ylim=(0, TOP), xlabel=SENTENCES.label, ylabel=AMONG_SENTENCES.label)
    ax.set_title(board.records.run.tasks[task].title)
    if not entries:
        explain_emptiness(ax, "no sentences were measured")
    grid.finish([*entries, _make_level_entry()])
    return grid


def _draw_levels(panel: Panel) -> None:
    """Curves of equal success, with their value where they enter the panel at the top."""
    xs = np.linspace(0.01, TOP, 200)
    for level in LEVELS:
        panel.ax.plot(
            xs, level / xs, color=MUTED, linewidth=0.5, alpha=0.6, zorder=1, gid=gid(EQUAL)
        )
        panel.ax.annotate(
            f"{level:g}", (level / TOP, TOP), (-1.5, -1), textcoords="offset points",
            fontsize=SIZE_PT, color=MUTED, ha="right", va="top",
        )  # fmt: skip


def _make_level_entry() -> Line2D:
    """The entry of the curves of equal success."""
    return Line2D([], [], label=EQUAL, color=MUTED, linewidth=0.5)
