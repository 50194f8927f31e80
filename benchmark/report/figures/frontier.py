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

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.analysis.resampled_scores import Draws, task_draws
from benchmark.report.data.axes import Axis, Plane, planes
from benchmark.report.data.points import CEILING, COPY, Board, Point
from benchmark.report.figures.confidence_bands import draw_band
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry, make_level_entry
from benchmark.report.figures.marks import (
    crowded,
    draw_marks,
    explain_emptiness,
    look_of,
    set_limits,
)
from benchmark.report.figures.outliers import find_outliers
from benchmark.report.figures.palette import COPY_COLOUR, Look, solid
from benchmark.report.figures.panel_grid import (
    COLUMN_IN,
    PAGE_IN,
    Panel,
    PanelGrid,
    make_column,
    make_grid,
)
from benchmark.report.figures.yardstick_marks import draw_unsampled, make_room

LETTERS_PER_IN = 13.8
"""Letters of a title that fit above an inch of the overview."""

NO_DIVERSITY = "no measure of diversity in the records"


def draw_frontier(board: Board, task: str) -> PanelGrid:
    """The planes of a task below each other, at column width."""
    shown, looks = planes(board, task), look_of(board)
    strip_width = _measure_strip(board, [task])
    grid = make_column(len(shown), many=crowded(board), strip_width=strip_width)
    for panel, plane in zip(grid.panels, shown, strict=False):
        draw_systems(panel, board, task, plane, looks, draws=task_draws(board, task))
    for panel in grid.panels[:-1]:
        panel.ax.set_xlabel("")
    top = grid.panels[0]
    (top.strip or top.ax).set_title(board.records.run.tasks[task].title)
    if shown:
        set_limits(top.ax, xs=[x for panel in grid.panels for x in panel.marks.xs])
    else:
        explain_emptiness(top.ax, NO_DIVERSITY)
    for panel, (_, quality) in zip(grid.panels, shown, strict=False):
        draw_unsampled(panel, _find_unsampled(board, task, quality), quality, looks)
    grid.finish(make_frontier_legend(board, [task]))
    return grid


def draw_overview(board: Board) -> PanelGrid:
    """The first plane of every task, two in a row, at page width; each has a scale of its own."""
    shown = {task: found[0] for task in board.records.tasks if (found := planes(board, task))}
    looks, strip_width = look_of(board), _measure_strip(board, shown)
    columns = min(2, max(1, len(shown)))
    grid = make_grid(
        max(1, len(shown)), columns,
        width=PAGE_IN if columns > 1 else COLUMN_IN,
        panel_height=2.0 if crowded(board) else 1.6, strip_width=strip_width,
    )  # fmt: skip
    titles = _shorten_titles(board, list(shown), widest=int(grid.width / columns * LETTERS_PER_IN))
    for panel, (task, plane) in zip(grid.panels, shown.items(), strict=False):
        draw_systems(panel, board, task, plane, looks)
        left = panel.strip or panel.ax
        left.set_title(titles[task])
        panel.ax.set_xlabel(plane[0].short)
        # The ends of the curves are numbered in the figures of the tasks.
        panel.marks.wishes = []
    if not shown:
        explain_emptiness(grid.panels[0].ax, NO_DIVERSITY)
    for panel, (task, (_, quality)) in zip(grid.panels, shown.items(), strict=False):
        draw_unsampled(panel, _find_unsampled(board, task, quality), quality, looks)
        # The legend names the line: here it is only kept clear.
        panel.marks.levels = [("", y, colour) for _, y, colour in panel.marks.levels]
    grid.finish(make_frontier_legend(board, list(shown)))
    return grid


def _shorten_titles(board: Board, tasks: Sequence[str], *, widest: int) -> dict[str, str]:
    """Titles of at most `widest` letters: without what all have in common in brackets."""
    titles = {task: board.title(task) for task in tasks}
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
    looks: Mapping[str, Look],
    *,
    draws: Draws | None = None,
) -> None:
    """Draw the systems of a task into a panel; with draws every curve has its band."""
    x_axis, y_axis = plane
    ax, marks = panel.ax, panel.marks
    marks.sparse = crowded(board)
    bounds = y_axis.bounds(board, task)
    mains = {p.system: y_axis.read(p).value for p in board.mains(task) if not p.yardstick}
    outliers = find_outliers(mains)
    (panel.strip or ax).set_ylabel(y_axis.label)
    ax.set_xlabel(x_axis.label)
    for system in board.systems:
        look = looks[system]
        held = len(marks.xs), len(marks.ys)
        for curve in board.sweeps(task, system):
            points = [
                p for p in curve
                if p.sampled and x_axis.read(p).defined and y_axis.read(p).defined
            ]  # fmt: skip
            if not points:
                continue
            _draw_line(panel, points, plane, look)
            if system == CEILING and len(points) > 1:
                continue
            across, up = [x_axis.read(p) for p in points], [y_axis.read(p) for p in points]
            banded = draws is not None and draw_band(
                ax, [x.value for x in across], points, look.colour, marks, system=system,
                interval=partial(draws.at, axis=y_axis, bounds=bounds),
            )  # fmt: skip
            # A band says what upright whiskers say, and lies under the marks.
            up = [Interval(value=y.value) for y in up] if banded else up
            draw_marks(ax, across, up, marks, keywords=solid(look), points=points)
        main = board.main(task, system)
        is_line = system == CEILING and any(len(of) > 1 for of in board.sweeps(task, system))
        if main is not None and main.sampled and not is_line:
            draw_marks(
                ax, [x_axis.read(main)], [y_axis.read(main)], marks,
                keywords=solid(look, large=True), large=True, points=[main],
            )  # fmt: skip
        if system in outliers:
            # It is drawn as far as it is in sight, and the limits do not follow it.
            del marks.xs[held[0] :], marks.ys[held[1] :]
    # Without a strip the copy alone has a place.
    shown = [p for p in _find_unsampled(board, task, y_axis) if panel.strip or p.system == COPY]
    make_room(shown, y_axis, marks, outliers)
    if not marks.points:
        explain_emptiness(ax, "no system with samples")
    set_limits(ax, xs=marks.xs, ys=marks.ys)
    low = ax.get_ylim()[0]
    sampled = {p.system for p in board.mains(task) if p.sampled}
    marks.below += [(s, mains[s]) for s in mains if s in outliers & sampled and mains[s] < low]


def _draw_line(panel: Panel, points: Sequence[Point], plane: Plane, look: Look) -> None:
    xs, ys = ([axis.read(p).value for p in points] for axis in plane)
    system, marks = points[0].system, panel.marks
    panel.ax.plot(
        xs, ys, color=look.colour, linestyle=look.line, zorder=2 if system == CEILING else 3,
        gid=gid(system),
    )  # fmt: skip
    marks.curves.append((xs, ys))
    if system == CEILING:
        marks.xs += xs
        marks.ys += ys
    # The ends of a curve say which way the knob turns; the rest can be counted off.
    marks.label_ends([f"{p.knob_value:g}" for p in points], xs, ys, look)


def _find_unsampled(board: Board, task: str, axis: Axis) -> list[Point]:
    """Main points that have no place on an axis of diversity."""
    return [p for p in board.mains(task) if p.trials and not p.sampled and axis.read(p).defined]


def _measure_strip(board: Board, tasks: Iterable[str]) -> float:
    most = max(
        (
            sum(p.system != COPY for p in _find_unsampled(board, task, quality))
            for task in tasks
            for _, quality in planes(board, task)
        ),
        default=0,
    )
    # The words below it need their room too.
    return max(0.37, 0.16 + 0.075 * most) if most else 0.0


def make_frontier_legend(board: Board, tasks: Sequence[str]) -> list[Line2D]:
    """The entries of all systems that are drawn on some of the tasks."""
    entries = []
    looks = look_of(board)
    for system in board.systems:
        look = looks[system]
        mains = [p for task in tasks if (p := board.main(task, system)) and p.trials]
        curves = [c for task in tasks for c in board.sweeps(task, system)]
        is_line = any(len(curve) > 1 for curve in curves)
        if system == COPY and mains:
            entries.append(make_level_entry(COPY, COPY_COLOUR))
        elif system == CEILING and is_line:
            line = Line2D([], [], label="oracle (ceiling)", color=look.colour, linestyle=look.line)
            line.set_gid(CEILING)
            entries.append(line)
        elif system != COPY and (mains or curves):
            is_sampled = bool(curves) or any(p.sampled for p in mains)
            entries.append(make_entry(system, look, is_sampled=is_sampled, is_curve=is_line))
    return entries
