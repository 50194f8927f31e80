"""Yardsticks in a panel: levels and marks, or a sign at the edge where they are far off the scale.

The references score 1 against themselves, and a copy of the source can be all wrong: drawn to
scale, either may leave the systems a tenth of the height. So a yardstick takes part in the limits
only where it is no further from the models than their own range is wide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matplotlib.axes import Axes

from benchmark.records.schema import Interval
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import COPY, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.labels import SIZE_PT
from benchmark.report.figures.marks import Marks, draw_marks, ends
from benchmark.report.figures.palette import COPY_COLOUR, MUTED, Look, darken, hollow
from benchmark.report.figures.panel_grid import Panel

_ABOVE, _BELOW = 0.9, 0.1
"""Where marks stand that are off the scale, as shares of the height."""


def is_near(value: float, others: Sequence[float]) -> bool:
    """Whether a value is no further from others than these spread; true if there are none.

    Others that are equal have no spread: then what is within a tenth of them is near.
    """
    if not others:
        return True
    low, high = min(others), max(others)
    reach = max(high - low, 0.1 * abs(high))
    return low - reach <= value <= high + reach


def make_room(
    points: Sequence[Point], axis: Axis, marks: Marks, outliers: Collection[str] = ()
) -> None:
    """Let the limits of a panel hold the unsampled models and those yardsticks that are near.

    Models among the `outliers` are left out.
    """
    for point in points:
        if not point.yardstick and point.system not in outliers:
            marks.ys += ends(axis.read(point))
    of_models = list(marks.ys)
    for point in points:
        if point.yardstick and is_near(axis.read(point).value, of_models):
            marks.ys += ends(axis.read(point))


def draw_unsampled(
    panel: Panel, points: Sequence[Point], axis: Axis, looks: Mapping[str, Look]
) -> None:
    """Draw what has no place on the axis of diversity; the limits must be final.

    Copying the source is a level across the panel, all others are marks in the strip.
    """
    low, high = (panel.strip or panel.ax).get_ylim()
    others = [point for point in points if point.system != COPY]
    for copy in (point for point in points if point.system == COPY):
        _draw_copy(panel, axis.read(copy).value, (low, high))
    if panel.strip is None:
        return
    panel.strip.set_xlim(0, 1)
    panel.strip.set_xticks([0.5], ["no\nsamples"])
    panel.strip.tick_params(axis="x", length=0, labelsize=6, labelcolor=MUTED)
    told: dict[str, list[float]] = {}
    for number, point in enumerate(others):
        x, y = (number + 1) / (len(others) + 1), axis.read(point)
        keywords = hollow(looks[point.system]) | {"clip_on": False}
        if low <= y.value <= high:
            draw_marks(
                panel.strip, [Interval(value=x)], [y], Marks(),
                keywords=keywords, large=True, points=[point],
            )  # fmt: skip
            continue
        _draw_at_edge(panel.strip, x, point, looks[point.system], above=y.value > high)
        if y.value > high:
            told.setdefault(f"{y.value:.2g}", []).append(x)
        else:
            # What is below is named in the panel.
            panel.marks.below.append((point.system, y.value))
    for row, (value, xs) in enumerate(told.items()):
        # Marks stand closer than their values are wide: equal ones are told once, others in rows.
        _annotate_edge(panel.strip, value, sum(xs) / len(xs), _ABOVE, -3.0 - row * 1.1 * SIZE_PT)


def _draw_copy(panel: Panel, value: float, limits: tuple[float, float]) -> None:
    text = f"{COPY} {value:.3g}"
    if limits[0] <= value <= limits[1]:
        for ax in filter(None, (panel.ax, panel.strip)):
            ax.axhline(value, color=COPY_COLOUR, linewidth=0.8, zorder=1.5, gid=gid(COPY))
        panel.marks.levels.append((text, value, COPY_COLOUR))
        return
    if value > limits[1]:
        panel.marks.edges.append((f"↑ {text}", limits[1], COPY_COLOUR))
    else:
        panel.marks.below.append((COPY, value))


def _draw_at_edge(ax: Axes, x: float, point: Point, look: Look, *, above: bool) -> None:
    """The mark of a yardstick at the upper or lower edge, with an arrow towards it."""
    place, arrow, offset = (_ABOVE, "↑", 3.0) if above else (_BELOW, "↓", -3.0)
    keywords = hollow(look) | {"transform": ax.get_xaxis_transform(), "clip_on": False}
    ax.plot([x], [place], gid=gid(point.system, [point]), **keywords)
    _annotate_edge(ax, arrow, x, place, offset, colour=darken(look.colour))


def _annotate_edge(
    ax: Axes, text: str, x: float, place: float, offset: float, *, colour: str = MUTED
) -> None:
    ax.annotate(
        text, (x, place), (0, offset), xycoords=ax.get_xaxis_transform(),
        textcoords="offset points", fontsize=SIZE_PT, color=colour, ha="center",
        va="bottom" if offset > 0 else "top",
    )  # fmt: skip
