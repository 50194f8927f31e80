"""Quality over the number of candidates from which one is chosen: the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.report.figures.axes import quality_axis
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.sheet import Sheet
from benchmark.report.paper.curves import (
    Curve,
    draw_curves,
    in_order,
    legend,
    panels_of,
    task_sheet,
)
from benchmark.report.points import COPY, YARDSTICK, Board, Point
from benchmark.report.records import UNDEFINED, Cell, Interval, title_of
from benchmark.report.seeds import cautious


def candidate_curves(board: Board, task: str) -> dict[str, Curve]:
    """MBR quality over the number of candidates, by system; empty without such records."""
    axis = quality_axis(board, task)
    if axis is None:
        return {}
    found: dict[str, Curve] = {}
    for system in board.systems:
        if board.records.run.systems[system].family == YARDSTICK:
            continue
        curves = [_of_point(point, axis.metric) for point in board.of(task, system)]
        longest = max((c for c in curves if c), key=lambda c: len(c.xs), default=None)
        if longest is not None:
            found[system] = longest
    return found


def draw_candidates(board: Board, tasks: Sequence[str]) -> Sheet:
    """One panel a task."""
    styles, sheet = look_of(board), task_sheet(tasks)
    drawn = [candidate_curves(board, task) for task in tasks]
    for task, curves, (ax,) in zip(tasks, drawn, panels_of(sheet, tasks), strict=True):
        axis = quality_axis(board, task)
        assert axis is not None  # there would be no curve
        copy = board.main(task, COPY)
        draw_curves(ax, curves, styles, copy=axis.read(copy) if copy else UNDEFINED)
        ax.set_title(title_of(board.records.run.tasks, task))
        ax.set_xlabel("candidates |S|")
        ax.set_ylabel(f"{axis.label}, MBR")
    has_copy = any(board.main(task, COPY) for task in tasks)
    sheet.finish(*legend(in_order(board.systems, drawn), styles, copy=has_copy))
    return sheet


def mbr_curve(cell: Cell, metric: str) -> Curve | None:
    """The curve that the score record of a cell holds for a metric; None where it has none.

    It stands with the metric as `mbr_curve`: lists `value`, `low`, `high` for 1, 2, ...
    candidates, or for those that `sizes` names, by utility where there are several.
    """
    entry = cell.score.metrics.get(metric) if cell.score else None
    kept: Any = getattr(entry, "mbr_curve", None)
    if not isinstance(kept, Mapping) or not kept:
        return None
    if "value" not in kept:
        assert cell.score is not None  # the entry is from it
        kept = kept.get(cell.score.mbr_utility) or next(iter(kept.values()))
    values = kept["value"]
    ends = zip(values, kept["low"], kept["high"], strict=True)
    sizes = kept.get("sizes") or range(1, len(values) + 1)
    return Curve(
        tuple(float(size) for size in sizes),
        tuple(Interval(value=v, low=low, high=high) for v, low, high in ends),
    )


def _of_point(point: Point, metric: str) -> Curve | None:
    """The curves of the seeds as one."""
    found = [curve for cell in point.cells if (curve := mbr_curve(cell, metric)) is not None]
    if len(found) < 2:
        return found[0] if found else None
    columns = zip(*(curve.ys for curve in found), strict=False)
    ys = tuple(cautious(intervals) for intervals in columns)
    return Curve(found[0].xs[: len(ys)], ys)
