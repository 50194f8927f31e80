"""Success among the sentences apart from the share of sentences: their product is the success."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D

from benchmark.report.data.control_points import AMONG_SENTENCES, SENTENCES, find_unguided
from benchmark.report.data.points import COPY, REFERENCE, Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.labels import SIZE_PT
from benchmark.report.figures.legend import make_entry
from benchmark.report.figures.marks import crowded, draw_marks, explain_emptiness, look_of
from benchmark.report.figures.palette import MUTED, hollow, solid
from benchmark.report.figures.panel_grid import Panel, PanelGrid, make_column

LEVELS = (0.2, 0.4, 0.6, 0.8)
"""Successes whose curves are drawn."""

EQUAL = "equal success"
"""How the legend calls these curves."""

TOP = 1.04
"""End of both axes, so that marks at 1 are whole."""


def draw_sentence_shares(board: Board, task: str) -> PanelGrid:
    """Sentences (x) and success among them (y), every system over its knob."""
    looks = look_of(board)
    grid = make_column(1, many=crowded(board))
    panel, entries = grid.panels[0], []
    ax = panel.ax
    _draw_levels(panel)
    for system in board.systems:
        main = board.main(task, system)
        if system in (COPY, REFERENCE) or main is None:
            continue
        look, points = looks[system], _settings(board, task, system, main)
        if not points:
            continue
        across = [SENTENCES.read(p) for p in points]
        up = [AMONG_SENTENCES.read(p) for p in points]
        xs, ys = [x.value for x in across], [y.value for y in up]
        if len(points) > 1:
            ax.plot(xs, ys, color=look.colour, linestyle=look.line, zorder=3, gid=gid(system))
            panel.marks.curves.append((xs, ys))
            panel.marks.label_ends([f"{p.knob_value:g}" for p in points], xs, ys, look)
        unguided = find_unguided(board, task, system)
        for n, point in enumerate(points):
            is_large = point is main
            keywords = hollow if point is unguided or not point.sampled else solid
            draw_marks(
                ax, [across[n]], [up[n]], panel.marks,
                keywords=keywords(look, large=is_large), large=is_large, points=[point],
            )  # fmt: skip
        entries.append(make_entry(system, look, is_sampled=main.sampled, is_curve=len(points) > 1))
    ax.set(xlim=(0, TOP), ylim=(0, TOP), xlabel=SENTENCES.label, ylabel=AMONG_SENTENCES.label)
    ax.set_title(board.records.run.tasks[task].title)
    if not entries:
        explain_emptiness(ax, "no sentences were measured")
    grid.finish([*entries, _make_level_entry()])
    return grid


def _settings(board: Board, task: str, system: str, main: Point) -> list[Point]:
    """The curve of a model over its knob; a yardstick and what has no curve: the main setting."""
    curve: tuple[Point, ...] = ()
    if not main.yardstick:
        curve = next((c for c in board.sweeps(task, system) if len(c) > 1), ())
    axes = (SENTENCES, AMONG_SENTENCES)
    return [p for p in curve or (main,) if all(axis.read(p).defined for axis in axes)]


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
