"""Quality against div-4: the paper's Figure 4."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.report.data.axes import Plane
from benchmark.report.data.points import COPY, Board
from benchmark.report.figures.frontier import draw_systems, make_frontier_legend
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.figures.yardstick_marks import draw_unsampled
from benchmark.report.paper.curve_panels import make_task_panels
from benchmark.report.paper.generation_process import trace_axes


def trade_off_plane(board: Board, task: str) -> Plane | None:
    """div-4 across, quality up; None where one of them was not measured."""
    axes = trace_axes(board, task)
    return (axes[1], axes[0]) if len(axes) == 2 else None


def draw_trade_off(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """One panel per task; systems without samples are left out."""
    looks = look_of(board)
    grid, found = make_task_panels(board, tasks)
    for task, (panel,) in zip(tasks, found, strict=True):
        plane = trade_off_plane(board, task)
        assert plane is not None  # the task would not be drawn
        draw_systems(panel, board, task, plane, looks)
        copy = board.main(task, COPY)
        if copy is not None and plane[1].read(copy).defined:
            draw_unsampled(panel, [copy], plane[1], looks)
    # The copy is drawn, as a line.
    sampled = {p.system for p in board.points if p.task in tasks and p.trials and p.sampled}
    hidden = set(board.systems) - sampled - {COPY}
    grid.finish([e for e in make_frontier_legend(board, tasks) if e.get_label() not in hidden])
    return grid
