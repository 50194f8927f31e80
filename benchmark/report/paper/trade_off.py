"""Quality against div-4: the paper's Figure 4."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.records.schema import title_of
from benchmark.report.data.axes import Plane
from benchmark.report.data.points import COPY, Board
from benchmark.report.figures.frontier import draw_systems, make_legend
from benchmark.report.figures.marks import annotate, look_of
from benchmark.report.figures.sheet import Sheet
from benchmark.report.figures.yardstick_marks import draw_unsampled
from benchmark.report.paper.curve_panels import make_task_sheet
from benchmark.report.paper.generation_process import trace_axes


def trade_off_plane(board: Board, task: str) -> Plane | None:
    """div-4 across, quality up; None where one of them was not measured."""
    axes = trace_axes(board, task)
    return (axes[1], axes[0]) if len(axes) == 2 else None


def draw_trade_off(board: Board, tasks: Sequence[str]) -> Sheet:
    """One panel per task; systems without samples are left out."""
    styles, sheet = look_of(board), make_task_sheet(tasks)
    drawn = []
    for task, panel in zip(tasks, sheet.panels, strict=True):
        plane = trade_off_plane(board, task)
        assert plane is not None  # the task would not be drawn
        marks = draw_systems(panel, board, task, plane, styles)
        copy = board.main(task, COPY)
        if copy is not None and plane[1].read(copy).defined:
            draw_unsampled(panel, [copy], plane[1], styles, marks)
        drawn.append((panel.ax, marks))
        panel.ax.set_title(title_of(board.records.run.tasks, task))
    hidden = _without_samples(board, tasks)
    entries = [
        e for e in zip(*make_legend(board, tasks, styles), strict=True) if e[1] not in hidden
    ]
    sheet.finish([handle for handle, _ in entries], [label for _, label in entries])
    for ax, marks in drawn:
        annotate(ax, marks)
    return sheet


def _without_samples(board: Board, tasks: Sequence[str]) -> set[str]:
    """The systems that are not drawn; the copy is, as a line."""
    sampled = {p.system for p in board.points if p.task in tasks and p.cells and p.sampled}
    return set(board.systems) - sampled - {COPY}
