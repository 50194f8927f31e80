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
    mbr_curve,
    rows_per_candidate,
    scaled,
    utilities_of,
)
from benchmark.report.data.axes import Axis, main_axis, quality_axis
from benchmark.report.data.points import CEILING, COPY, Board, Point
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import (
    Marks,
    annotate,
    crowded,
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
    darken,
    hollow,
    solid,
)
from benchmark.report.figures.sheet import PAGE_IN, Sheet, make_sheet

MARKED = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of candidates that carry a mark."""

OTHER = Axis("rouge_l", "expected", "ROUGE-L (rouge_l)")
"""What is shown beside sentence BLEU where the answers are not known: it did not choose."""

_DASHES: LineStyle = (0, (4, 2.5))

Place = Callable[[Point, int], float]
"""Where a number of candidates of a system lies on an x axis; NaN if nowhere."""


def draw_candidates(board: Board, task: str) -> Sheet:
    """Two qualities of a task, each over candidates and over network rows, at page width."""
    points, axes = scaled(board, task), shown_axes(board, task)
    utility, budget = next(iter(utilities_of(points)), ""), common_budget(points)
    many = crowded(board)
    sheet = make_sheet(max(1, len(axes)), 2, width=PAGE_IN, panel_height=2.2 if many else 1.75)
    styles = look_of(board)
    drawn: list[Marks] = []
    for number, axis in enumerate(axes):
        curves = {point: mbr_curve(point, axis.metric, utility) for point in points}
        left, right = (panel.ax for panel in sheet.panels[2 * number : 2 * number + 2])
        both = [
            _draw(left, curves, styles, lambda _, size: size),
            _draw(right, curves, styles, lambda p, size: size * rows_per_candidate(p) or math.nan),
        ]
        left.set_ylabel(axis.label)
        for ax in (left, right):
            set_limits(ax, ys=[y for marks in both for y in marks.ys])
        _number(left, both[0].xs)
        if both[1].xs:
            make_logarithmic(right, "x", both[1].xs)
        else:
            explain_emptiness(right, "no costs in the records")
        if math.isfinite(budget):
            right.axvline(budget, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
        drawn += both
    if not axes:
        explain_emptiness(sheet.panels[0].ax, "no numbers of candidates in the records")
    sheet.panels[0].ax.set_title(board.records.run.tasks[task].title)
    for number, panel in enumerate(sheet.panels):
        panel.ax.set_xlabel("network rows per source" if number % 2 else "candidates")
    sheet.finish(*_legend(points, styles))
    for panel, marks in zip(sheet.panels, drawn, strict=False):
        annotate(panel.ax, marks)
    return sheet


def shown_axes(board: Board, task: str) -> tuple[Axis, ...]:
    """Two qualities that have curves: validity and BLEU, or BLEU and a metric beside it."""
    known = curved_metrics(board.records, task)
    wanted = (main_axis(board, task), quality_axis(board, task), OTHER)
    found = {axis.metric: axis for axis in wanted if axis is not None and axis.metric in known}
    return tuple(found.values())[:2]


def _draw(
    ax: Axes, curves: Mapping[Point, BySize], styles: Mapping[str, Look], place: Place
) -> Marks:
    marks = Marks(sparse=True)
    # Many bands on top of each other hide the curves.
    shade = min(0.1, 0.5 / max(1, len(curves)))
    for point, curve in curves.items():
        if not curve:
            continue
        largest = curve[max(curve)].value
        if point.system == COPY:
            _level(ax, marks, f"{COPY} {largest:.3g}", largest, COPY_COLOUR, "-")
        elif point.yardstick and point.system != CEILING:
            continue
        elif all(math.isnan(place(point, size)) for size in curve):
            if point.system == CEILING:
                text = f"{CEILING}, {max(curve)} candidates: {largest:.3g}"
                _level(ax, marks, text, largest, CEILING_COLOUR, _DASHES)
        else:
            _curve(ax, marks, point, curve, look=styles[point.system], place=place, shade=shade)
    return marks


def _curve(
    ax: Axes,
    marks: Marks,
    point: Point,
    curve: BySize,
    *,
    look: Look,
    place: Place,
    shade: float,
) -> None:
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


def _level(ax: Axes, marks: Marks, text: str, y: float, colour: str, line: LineStyle) -> None:
    ax.axhline(y, color=colour, linestyle=line, linewidth=0.8, zorder=1.5)
    marks.ys.append(y)
    marks.levels.append((text, y, darken(colour)))


def _number(ax: Axes, sizes: Sequence[float]) -> None:
    """Whole numbers of candidates below the axis."""
    set_limits(ax, xs=sizes)
    most = max(sizes, default=1)
    ax.set_xticks([n for n in MARKED if n in (1, most) or 0.2 * most <= n < most])


def _legend(points: Sequence[Point], styles: Mapping[str, Look]) -> tuple[list[Line2D], list[str]]:
    handles, labels = [], []
    for point in points:
        look = styles[point.system]
        if point.system == COPY:
            handles.append(Line2D([], [], color=COPY_COLOUR, linewidth=0.8))
        elif point.system == CEILING:
            handles.append(Line2D([], [], color=CEILING_COLOUR, linestyle=_DASHES))
        elif point.yardstick:
            continue
        elif point.sampled:
            handles.append(Line2D([], [], **(solid(look) | {"linestyle": look.line})))
        else:
            handles.append(Line2D([], [], **hollow(look)))
        labels.append(point.system)
    return handles, labels
