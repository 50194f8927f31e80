"""Quality and diversity along the generation process: the paper's Figure 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark.records.schema import Interval, TraceRecord, base
from benchmark.report.data.axes import Axis, bleu_axis
from benchmark.report.data.points import Board
from benchmark.report.data.seed_pooling import find_recipe, pool_cautiously
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.paper.curve_panels import (
    Curves,
    PanelCurve,
    draw_curves,
    make_task_panels,
)
from benchmark.scoring.bootstrap import Bounds

DIVERSITY = Axis("div_4", "set", "div-4")


def trace_axes(board: Board, task: str) -> tuple[Axis, ...]:
    """Quality and div-4, as far as both were measured."""
    names = [name for name in board.metrics(task) if base(name) == DIVERSITY.metric]
    quality = bleu_axis(board, task)
    found = [quality] if quality is not None else []
    return (*found, *(replace(DIVERSITY, metric=name) for name in names[:1]))


def trace_curves(board: Board, task: str, axis: Axis) -> dict[str, PanelCurve]:
    """The values after each kept step, over the share of the steps taken, in per cent."""
    found: dict[str, PanelCurve] = {}
    for system in board.systems:
        main = board.main(task, system)
        if main is None:
            continue
        keys = [trial.keys.trace for trial in main.trials if trial.keys.trace]
        curves = [_read_curve(board.records.trace(key), axis) for key in keys]
        known = [curve for curve in curves if curve is not None]
        if known:
            level = find_recipe(main.trials).level
            found[system] = _pool_seeds(known, axis.bounds(board, task), level)
    return found


def draw_generation(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """Two panels per task: quality above, diversity below."""
    grid, found = make_task_panels(board, tasks, rows_each=2)
    drawn: list[Curves] = []
    for task, panels in zip(tasks, found, strict=True):
        for panel, axis in zip(panels, trace_axes(board, task), strict=False):
            drawn.append(trace_curves(board, task, axis))
            draw_curves(panel.ax, drawn[-1], look_of(board))
            panel.ax.set_xlim(0, 103)
            panel.ax.set_xlabel("steps of the generation, %")
            panel.ax.set_ylabel(axis.label)
    grid.finish(make_legend(board, drawn))
    return grid


def _read_curve(trace: TraceRecord, axis: Axis) -> PanelCurve | None:
    kept = trace.curves.get(axis.metric, {}).get(axis.statistic)
    if kept is None:
        return None
    ends = zip(trace.steps, kept.value, kept.low, kept.high, strict=True)
    return {
        100 * step / trace.total: Interval(value=value, low=low, high=high)
        for step, value, low, high in ends
    }


def _pool_seeds(curves: Sequence[PanelCurve], bounds: Bounds, level: float) -> PanelCurve:
    """The mean over seeds, where all took the same steps; else the first seed alone."""
    first = curves[0]
    if len(curves) == 1 or any(curve.keys() != first.keys() for curve in curves):
        return first
    return {x: pool_cautiously([curve[x] for curve in curves], bounds, level) for x in first}
