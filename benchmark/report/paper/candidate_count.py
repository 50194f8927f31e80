"""Quality over the number of candidates from which one is chosen: the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.mbr_scaling import curved_points, mbr_curve, utilities_of
from benchmark.report.data.axes import bleu_axis
from benchmark.report.data.points import COPY, Board
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.paper.curve_panels import PanelCurve, draw_curves, make_task_panels


def candidate_curves(board: Board, task: str) -> dict[str, PanelCurve]:
    """MBR quality over the number of candidates, by system; empty without such records."""
    axis = bleu_axis(board, task)
    if axis is None:
        return {}
    return {
        point.system: {float(size): value for size, value in curve.items()}
        for point in curved_points(board, task)
        if not point.yardstick
        and (curve := mbr_curve(point, axis.metric, utilities_of([point])[0]))
    }


def copy_value(board: Board, task: str) -> Interval:
    """What copying scores on the sources of the curves, which may be a part of the split."""
    axis = bleu_axis(board, task)
    copy = next((p for p in curved_points(board, task) if p.system == COPY), None)
    return axis.read(copy) if axis is not None and copy is not None else UNDEFINED


def draw_candidates(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """One panel per task."""
    grid, panels = make_task_panels(board, tasks)
    drawn = [candidate_curves(board, task) for task in tasks]
    for task, curves, (panel,) in zip(tasks, drawn, panels, strict=True):
        axis = bleu_axis(board, task)
        assert axis is not None  # there would be no curve
        draw_curves(panel.ax, curves, look_of(board), copy=copy_value(board, task))
        panel.ax.set_xlabel("candidates |S|")
        panel.ax.set_ylabel(f"{axis.label}, MBR")
    has_copy = any(copy_value(board, task).defined for task in tasks)
    grid.finish(make_legend(board, drawn, copy=has_copy))
    return grid
