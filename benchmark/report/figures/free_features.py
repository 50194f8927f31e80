"""How far what was not asked for is from its true distribution: one row for each feature."""

from __future__ import annotations

from benchmark.records.schema import Interval
from benchmark.report.data.control_points import find_unguided, free_features
from benchmark.report.data.points import COPY, MADE_OF_REFERENCES, Board, Point
from benchmark.report.figures.legend import make_entry
from benchmark.report.figures.marks import (
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import hollow, solid
from benchmark.report.figures.panel_grid import COLUMN_IN, WIDE_IN, PanelGrid, make_grid

ROW_IN, MARK_IN = 0.3, 0.06
"""Height of a feature, and of a mark where many share it."""


def draw_free_features(board: Board, task: str) -> PanelGrid:
    """Divergence (x) by feature, from the features of texts down to the attributes."""
    features, looks = free_features(board, task), look_of(board)
    mains = [
        p
        for p in board.mains(task)
        if p.trials and p.sampled and p.system not in {COPY, *MADE_OF_REFERENCES}
    ]
    shown: list[tuple[Point, bool]] = []
    for point in mains:
        shown.append((point, False))
        unguided = find_unguided(board, task, point.system)
        if unguided is not None and unguided is not point:
            shown.append((unguided, True))
    row_height = max(ROW_IN, MARK_IN * len(shown))
    grid = make_grid(
        1, 1, width=WIDE_IN if crowded(board) else COLUMN_IN,
        panel_height=0.25 + row_height * max(2, len(features)),
    )  # fmt: skip
    ax, marks = grid.panels[0].ax, grid.panels[0].marks
    entries = []
    for place, (point, is_unguided) in enumerate(shown):
        look = looks[point.system]
        keywords = (hollow if is_unguided else solid)(look)
        above = 0.7 * (0.5 - (place + 0.5) / len(shown))
        draw_marks(
            ax, [axis.read(point) for axis in features.values()],
            [Interval(value=above - row) for row in range(len(features))], marks,
            keywords=keywords, points=[point] * len(features),
        )  # fmt: skip
        entry = make_entry(point.system, look, is_sampled=not is_unguided, is_curve=False)
        entry.set_gid(point.system)
        if is_unguided:
            entry.set_label(f"{point.system}, unguided")
        entries.append(entry)
    ax.set_yticks([-float(row) for row in range(len(features))], list(features))
    ax.set_ylim(-len(features) + 0.4, 0.6)
    ax.set_xlabel("divergence (0: as the grammar)")
    ax.set_title(board.records.run.tasks[task].title)
    if marks.xs:
        set_limits(ax, xs=[0.0, *marks.xs])
    else:
        explain_emptiness(ax, "no divergence was measured")
    grid.finish(entries)
    return grid
