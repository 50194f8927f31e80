"""Quality against diversity: every system is a curve over its knob.

The x axis is 1 - self-BLEU in all panels of a task, because along it a curve runs one way:
turning the knob up moves a system to the right, and what that costs can be read off below.
On tasks with known answers three panels share it: validity (are the candidates right?),
coverage (how much of what is right do they reach?) and sentence BLEU, which is all that real
data allow. Coverage is a poor x axis (it rises and falls with the knob, so curves fold back
on themselves) but the right check on variety: a wrong candidate differs from the others and
raises 1 - self-BLEU, but it covers nothing. Where the curve of coverage turns down, more
variety is only noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import Interval, title_of
from benchmark.report.analysis.resampled_scores import Draws
from benchmark.report.analysis.significance import task_draws
from benchmark.report.data.axes import Axis, Plane, planes
from benchmark.report.data.points import CEILING, COPY, Board, Point
from benchmark.report.figures.confidence_bands import draw_band
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.marks import (
    Marks,
    annotate,
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.palette import (
    COPY_COLOUR,
    Look,
    darken,
    hollow,
    solid,
)
from benchmark.report.figures.sheet import COLUMN_IN, PAGE_IN, WIDE_IN, Panel, Sheet, make_sheet
from benchmark.report.figures.yardstick_marks import draw_unsampled, make_room
from benchmark.scoring.bootstrap import Bounds

LETTERS_PER_IN = 13.8
"""Letters of a title that fit above an inch of the overview."""

WIDEST_STRIP_IN = 0.65
"""Width of a strip beside which four panels of the overview still hold a plot."""


def draw_frontier(board: Board, task: str) -> Sheet:
    """The planes of a task below each other, at column width."""
    shown = planes(board, task)
    styles, many = look_of(board), crowded(board)
    sheet = make_sheet(
        max(1, len(shown)), 1,
        width=WIDE_IN if many else COLUMN_IN,
        panel_height=2.0 if many or len(shown) < 2 else 1.5,
        strip_width=_strip_width(board, [task]), share="x",
    )  # fmt: skip
    drawn = [
        draw_systems(panel, board, task, plane, styles, draws=task_draws(board, task))
        for panel, plane in zip(sheet.panels, shown, strict=False)
    ]
    for panel in sheet.panels[:-1]:
        panel.ax.set_xlabel("")
    (sheet.panels[0].strip or sheet.panels[0].ax).set_title(board.records.run.tasks[task].title)
    if drawn:
        set_limits(sheet.panels[0].ax, xs=[x for marks in drawn for x in marks.xs])
    else:
        explain_emptiness(sheet.panels[0].ax, "no measure of diversity in the records")
    for panel, marks, plane in zip(sheet.panels, drawn, shown, strict=False):
        draw_unsampled(panel, _unsampled(board, task, plane[1]), plane[1], styles, marks)
    sheet.finish(*make_legend(board, [task], styles))
    _clear_corner(sheet)
    for panel, marks in zip(sheet.panels, drawn, strict=False):
        annotate(panel.ax, marks)
    return sheet


def draw_overview(board: Board) -> Sheet:
    """The first plane of every task, side by side, at page width."""
    tasks = [task for task in board.records.tasks if planes(board, task)]
    styles = look_of(board)
    strip_width = _strip_width(board, tasks)
    # A wide strip leaves no plot in a narrow panel.
    columns = min(4 if strip_width <= WIDEST_STRIP_IN else 2, max(1, len(tasks)))
    qualities = {planes(board, task)[0][1].metric for task in tasks}
    sheet = make_sheet(
        max(1, math.ceil(len(tasks) / columns)), columns,
        width=PAGE_IN if columns > 2 or len(tasks) > 2 else COLUMN_IN * columns,
        panel_height=2.0 if crowded(board) else 1.6,
        strip_width=strip_width, count=max(1, len(tasks)),
        share="y" if len(qualities) == 1 else "none",
    )  # fmt: skip
    titles = _short_titles(board, tasks, widest=int(sheet.width / columns * LETTERS_PER_IN))
    drawn = []
    for number, (panel, task) in enumerate(zip(sheet.panels, tasks, strict=False)):
        drawn.append(draw_systems(panel, board, task, planes(board, task)[0], styles))
        left = panel.strip or panel.ax
        left.set_title(titles[task])
        panel.ax.set_xlabel(planes(board, task)[0][0].short)
        if number % columns and sheet.share == "y":
            left.set_ylabel("")
    if sheet.share == "y":
        set_limits(sheet.panels[0].ax, ys=[y for marks in drawn for y in marks.ys])
    if not tasks:
        explain_emptiness(sheet.panels[0].ax, "no measure of diversity in the records")
    for panel, marks, task in zip(sheet.panels, drawn, tasks, strict=False):
        quality = planes(board, task)[0][1]
        draw_unsampled(panel, _unsampled(board, task, quality), quality, styles, marks)
    sheet.finish(*make_legend(board, tasks, styles))
    _clear_corner(sheet)
    for panel, marks in zip(sheet.panels, drawn, strict=False):
        # The legend names the line: here it is only kept clear.
        marks.levels = [("", y, colour) for _, y, colour in marks.levels]
        annotate(panel.ax, marks)
    return sheet


def _short_titles(board: Board, tasks: Sequence[str], *, widest: int) -> dict[str, str]:
    """Titles of at most `widest` letters: without what all have in common in brackets."""
    titles = {task: title_of(board.records.run.tasks, task) for task in tasks}
    endings = {title.rpartition(" (")[2] for title in titles.values() if title.endswith(")")}
    if len(endings) == 1 and all(title.endswith(")") for title in titles.values()):
        titles = {task: title.rpartition(" (")[0] for task, title in titles.items()}
    return {
        task: title if len(title) <= widest else f"{title[: widest - 1]}…"
        for task, title in titles.items()
    }


def draw_systems(
    panel: Panel,
    board: Board,
    task: str,
    plane: Plane,
    styles: dict[str, Look],
    *,
    draws: Draws | None = None,
) -> Marks:
    """Draw the systems of a task into a panel; with draws every curve has its band."""
    x_axis, y_axis = plane
    ax, marks = panel.ax, Marks(crowded(board))
    bounds = y_axis.bounds(board, task)
    (panel.strip or ax).set_ylabel(y_axis.label)
    ax.set_xlabel(x_axis.label)
    for system in board.systems:
        look = styles[system]
        for curve in board.sweeps(task, system):
            sampled = [p for p in curve if p.sampled]
            _draw_curve(ax, sampled, plane, look, marks, draws, bounds, ceiling=system == CEILING)
        main = board.main(task, system)
        if main is not None and main.sampled and system != CEILING:
            draw_marks(
                ax, [x_axis.read(main)], [y_axis.read(main)], marks,
                keywords=solid(look, large=True), large=True, points=[main],
            )  # fmt: skip
    # Without a strip the copy alone has a place.
    shown = [p for p in _unsampled(board, task, y_axis) if panel.strip or p.system == COPY]
    make_room(shown, y_axis, marks)
    if not marks.points:
        explain_emptiness(ax, "no system with samples")
    set_limits(ax, xs=marks.xs, ys=marks.ys)
    return marks


def _draw_curve(
    ax: Axes,
    curve: Sequence[Point],
    plane: Plane,
    look: Look,
    marks: Marks,
    draws: Draws | None,
    bounds: Bounds,
    *,
    ceiling: bool,
) -> None:
    points = [p for p in curve if plane[0].read(p).defined and plane[1].read(p).defined]
    if not points:
        return
    across, up = [plane[0].read(p) for p in points], [plane[1].read(p) for p in points]
    xs, ys = [x.value for x in across], [y.value for y in up]
    ax.plot(
        xs, ys, color=look.colour, linestyle=look.line, zorder=2 if ceiling else 3,
        gid=gid(points[0].system),
    )  # fmt: skip
    marks.curves.append((xs, ys))
    if ceiling:
        marks.xs += xs
        marks.ys += ys
    else:
        banded = draws is not None and draw_band(
            ax, xs, [draws.of(p, plane[1]) for p in points], look.colour, marks,
            system=points[0].system, interval=partial(draws.interval, bounds=bounds),
        )  # fmt: skip
        # A band says what upright whiskers say, and lies under the marks.
        upright = [Interval(value=y) for y in ys] if banded else up
        draw_marks(ax, across, upright, marks, keywords=solid(look), points=points)
    # The ends of a curve say which way the knob turns; the rest can be counted off.
    if len(points) > 1:
        first, last = (
            (f"{points[i].knob_value:g}", xs[i], ys[i], darken(look.colour)) for i in (0, -1)
        )
        marks.wishes.append((first, last))


def _clear_corner(sheet: Sheet) -> None:
    """Drop ticks whose numbers would touch the words below the strip; sizes must be final."""
    for panel in sheet.panels:
        if panel.strip is not None and len(panel.ax.get_xticks()):
            low, high = panel.ax.get_xlim()
            kept = [t for t in panel.ax.get_xticks() if low + 0.07 * (high - low) <= t <= high]
            panel.ax.set_xticks(kept)


def _unsampled(board: Board, task: str, axis: Axis) -> list[Point]:
    """Main points that have no place on an axis of diversity."""
    return [p for p in board.mains(task) if p.cells and not p.sampled and axis.read(p).defined]


def _strip_width(board: Board, tasks: Iterable[str]) -> float:
    most = 0
    for task in tasks:
        for _, y_axis in planes(board, task):
            marked = [p for p in _unsampled(board, task, y_axis) if p.system != COPY]
            most = max(most, len(marked))
    # The words below it need their room too.
    return max(0.37, 0.16 + 0.075 * most) if most else 0.0


def make_legend(
    board: Board, tasks: Sequence[str], styles: dict[str, Look]
) -> tuple[list[Line2D], list[str]]:
    """Handles and labels of all systems that are drawn on some of the tasks."""
    handles, labels = [], []
    for system in board.systems:
        mains = [p for task in tasks if (p := board.main(task, system)) and p.cells]
        curves = [c for task in tasks for c in board.sweeps(task, system)]
        look = styles[system]
        if system == CEILING:
            if curves:
                handles.append(Line2D([], [], color=look.colour, linestyle=look.line, gid=CEILING))
                labels.append("oracle (ceiling)")
        elif system == COPY:
            if mains:
                handles.append(Line2D([], [], color=COPY_COLOUR, linewidth=0.8))
                labels.append(COPY)
        elif mains or curves:
            sampled = any(p.sampled for p in mains) or bool(curves)
            keywords = solid(look) if sampled else hollow(look)
            if curves:
                keywords["linestyle"] = look.line
            handles.append(Line2D([], [], **keywords))
            labels.append(system)
    return handles, labels
