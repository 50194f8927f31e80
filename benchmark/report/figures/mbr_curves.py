"""Quality of the chosen candidate over how many there were to choose from, and over their cost.

Twenty candidates of a system that decodes at once may cost less than one of a system that
decodes in many steps: the left panels give every system equally many candidates, the right ones
equally many network rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.analysis.mbr_scaling import (
    BySize,
    common_budget,
    curved_metrics,
    curved_points,
    mbr_curve,
    rows_per_candidate,
    utilities_of,
)
from benchmark.report.data.axes import Axis, quality_axes
from benchmark.report.data.points import CEILING, COPY, Board, Point
from benchmark.report.figures.legend import make_entry, make_level_entry
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import (
    crowded,
    draw_level,
    draw_marks,
    ends,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import (
    CEILING_COLOUR,
    COPY_COLOUR,
    MUTED,
    LineStyle,
    Look,
    hollow,
    solid,
)
from benchmark.report.figures.panel_grid import PAGE_IN, Panel, PanelGrid, make_grid

MARKED = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of candidates that carry a mark."""

OTHER = Axis("rouge_l", "expected", "ROUGE-L (rouge_l)")
"""What is shown beside sentence BLEU where the answers are not known: it did not choose."""

_DASHES: LineStyle = (0, (4, 2.5))

Place = Callable[[Point, int], float]
"""Where a number of candidates of a system lies on an x axis; NaN if nowhere."""


def draw_candidates(board: Board, task: str) -> PanelGrid:
    """Two qualities of a task, each over candidates and over network rows, at page width."""
    points, axes = curved_points(board, task), shown_axes(board, task)
    utility, budget = next(iter(utilities_of(points)), ""), common_budget(board, points)
    height = 2.2 if crowded(board) else 1.75
    grid = make_grid(2 * max(1, len(axes)), 2, width=PAGE_IN, panel_height=height)
    looks = look_of(board)
    for axis, left, right in zip(axes, grid.panels[::2], grid.panels[1::2], strict=False):
        curves = {point: mbr_curve(point, axis.metric, utility) for point in points}
        _draw(left, curves, looks, lambda _, size: size)
        _draw(right, curves, looks, lambda p, size: size * rows_per_candidate(p) or math.nan)
        left.ax.set_ylabel(axis.label)
        for panel in (left, right):
            set_limits(panel.ax, ys=left.marks.ys + right.marks.ys)
        _set_ticks(left.ax, left.marks.xs)
        if right.marks.xs:
            make_logarithmic(right.ax, "x", right.marks.xs)
        else:
            explain_emptiness(right.ax, "no costs in the records")
        if math.isfinite(budget):
            right.ax.axvline(budget, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    if not axes:
        explain_emptiness(grid.panels[0].ax, "no numbers of candidates in the records")
    grid.panels[0].ax.set_title(board.records.run.tasks[task].title)
    for number, panel in enumerate(grid.panels):
        panel.ax.set_xlabel("network rows per source" if number % 2 else "candidates")
    grid.finish(_make_legend(points, looks))
    return grid


def shown_axes(board: Board, task: str) -> tuple[Axis, ...]:
    """Two qualities that have curves: validity and BLEU, or BLEU and a metric beside it."""
    known = curved_metrics(board.records, task)
    wanted = (*quality_axes(board, task), OTHER)
    found = {axis.metric: axis for axis in wanted if axis.metric in known}
    return tuple(found.values())[:2]


def _draw(
    panel: Panel, curves: Mapping[Point, BySize], looks: Mapping[str, Look], place: Place
) -> None:
    panel.marks.sparse = True
    # Many bands on top of each other hide the curves.
    shade = min(0.1, 0.5 / max(1, len(curves)))
    for point, curve in curves.items():
        if not curve:
            continue
        largest = curve[max(curve)].value
        if point.system == COPY:
            text = f"{COPY} {largest:.3g}"
            draw_level(panel.ax, panel.marks, text, largest, COPY_COLOUR, "-")
        elif point.yardstick and point.system != CEILING:
            continue
        elif all(math.isnan(place(point, size)) for size in curve):
            if point.system == CEILING:
                text = f"{CEILING}, {max(curve)} candidates: {largest:.3g}"
                draw_level(panel.ax, panel.marks, text, largest, CEILING_COLOUR, _DASHES)
        else:
            _draw_curve(panel, point, curve, looks[point.system], place, shade=shade)


def _draw_curve(
    panel: Panel, point: Point, curve: BySize, look: Look, place: Place, *, shade: float
) -> None:
    ax, marks = panel.ax, panel.marks
    xs, ys = [place(point, size) for size in curve], list(curve.values())
    ceiling = point.system == CEILING
    if len(xs) > 1:
        values = [y.value for y in ys]
        ax.plot(xs, values, color=look.colour, linestyle=look.line, zorder=2 if ceiling else 3)
        marks.curves.append((xs, values))
        if not ceiling:
            ax.fill_between(
                xs, [y.low for y in ys], [y.high for y in ys],
                color=look.colour, alpha=shade, linewidth=0,
            )  # fmt: skip
    marks.xs += xs
    marks.ys += [end for y in ys for end in ((y.value,) if ceiling else ends(y))]
    if ceiling:
        return
    shown = [s for s in curve if len(curve) == 1 or s in MARKED or s == max(curve)]
    keywords = solid(look) if point.sampled else hollow(look, large=True)
    draw_marks(
        ax, [Interval(value=place(point, s)) for s in shown], [curve[s] for s in shown], marks,
        keywords=keywords, large=not point.sampled,
    )  # fmt: skip


def _set_ticks(ax: Axes, sizes: Sequence[float]) -> None:
    """Whole numbers of candidates below the axis."""
    set_limits(ax, xs=sizes)
    most = max(sizes, default=1)
    ax.set_xticks([n for n in MARKED if n in (1, most) or 0.2 * most <= n < most])


def _make_legend(points: Sequence[Point], looks: Mapping[str, Look]) -> list[Line2D]:
    entries = []
    for point in points:
        system, is_sampled = point.system, point.sampled
        if system == COPY:
            entries.append(make_level_entry(COPY, COPY_COLOUR))
        elif system == CEILING:
            entries.append(Line2D([], [], label=CEILING, color=CEILING_COLOUR, linestyle=_DASHES))
        elif not point.yardstick:
            look = looks[system]
            entries.append(make_entry(system, look, is_sampled=is_sampled, is_curve=is_sampled))
    return entries
