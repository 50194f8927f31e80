"""Marks with whiskers, what they leave in an axes, and the labels that come after them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from benchmark.records.schema import Interval
from benchmark.report.data.points import Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.labels import Labeller
from benchmark.report.figures.outliers import name_outliers
from benchmark.report.figures.palette import MUTED, LineStyle, Look, assign_looks, darken

Wish = tuple[str, float, float, str]
"""A label that is wanted: text, x, y, colour."""

APART_PT = 14.0
"""How far apart the ends of a curve must be to be labelled."""


CROWD = 10
"""Models that have room in a figure of one column."""


@dataclass
class Marks:
    """What was drawn in a panel, for the labels that come when sizes are final.

    A `sparse` panel has whiskers at the large marks alone.
    """

    sparse: bool = False
    points: list[tuple[float, float]] = field(default_factory=list)
    curves: list[tuple[list[float], list[float]]] = field(default_factory=list)
    whiskers: list[tuple[list[float], list[float]]] = field(default_factory=list)
    wishes: list[tuple[Wish, Wish]] = field(default_factory=list)
    levels: list[tuple[str, float, str]] = field(default_factory=list)
    edges: list[tuple[str, float, str]] = field(default_factory=list)
    """Levels above the limits, which are named at the edge."""
    below: list[tuple[str, float]] = field(default_factory=list)
    """What lies below the limits: names and values."""
    ys: list[float] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)

    def label_ends(
        self, texts: Sequence[str], xs: Sequence[float], ys: Sequence[float], look: Look
    ) -> None:
        """Ask for labels at the ends of a curve that has two."""
        if len(texts) > 1:
            first, last = ((texts[i], xs[i], ys[i], darken(look.colour)) for i in (0, -1))
            self.wishes.append((first, last))


def draw_marks(
    ax: Axes,
    xs: Sequence[Interval],
    ys: Sequence[Interval],
    marks: Marks,
    *,
    keywords: dict[str, Any],
    large: bool = False,
    points: Sequence[Point] = (),
) -> None:
    """Draw marks of one look with their whiskers; undefined ones are left out.

    `points` are what the marks show, all of one system, where the page is to name it.
    """
    shown = [x.defined and y.defined for x, y in zip(xs, ys, strict=True)]
    pairs = list(compress(zip(xs, ys, strict=True), shown))
    if not pairs:
        return
    across, up = [x for x, _ in pairs], [y for _, y in pairs]
    if points:
        keywords = keywords | {"gid": gid(points[0].system, list(compress(points, shown)))}
    places = [x.value for x in across], [y.value for y in up]
    whiskers = large or not marks.sparse
    if whiskers:
        level = [((x.low, y.value), (x.high, y.value)) for x, y in pairs if x.bounded]
        upright = [((x.value, y.low), (x.value, y.high)) for x, y in pairs if y.bounded]
        if level or upright:
            bars = LineCollection(
                [*level, *upright], colors=keywords["color"], linewidths=0.6, alpha=0.55,
                zorder=2.5, gid=gid(points[0].system) if points else None,
            )  # fmt: skip
            ax.add_collection(bars, autolim=False)
        marks.whiskers += [([x0, x1], [y0, y1]) for (x0, y0), (x1, y1) in (*level, *upright)]
    # Limits are set from `marks`: nothing is to be measured here.
    ax.add_artist(Line2D(*places, zorder=4.5 if large else 4, **keywords))
    for x, y in pairs:
        marks.points.append((x.value, y.value))
        marks.xs += ends(x) if whiskers else [x.value]
        marks.ys += ends(y) if whiskers else [y.value]


def draw_level(
    ax: Axes, marks: Marks, text: str, y: float, colour: str, line: LineStyle, system: str = ""
) -> None:
    """Draw a horizontal line across a panel; `system` is whose, where the page is to name it."""
    ax.axhline(
        y, color=colour, linestyle=line, linewidth=0.8, zorder=1.5,
        gid=gid(system) if system else None,
    )  # fmt: skip
    marks.ys.append(y)
    marks.levels.append((text, y, darken(colour)))


def annotate(ax: Axes, marks: Marks) -> None:
    """Add the labels for which there is room."""
    name_outliers(ax, marks.below)
    labeller = Labeller(ax)
    for written in ax.texts:
        labeller.avoid_text(written)
    for x, y in marks.points:
        labeller.avoid_mark(x, y, 5.5)
    for xs, ys in (*marks.curves, *marks.whiskers):
        labeller.avoid_line(xs, ys)
    for _, y, _ in marks.levels:
        labeller.avoid_line(list(ax.get_xlim()), [y, y])
    for text, y, colour in (*marks.levels, *marks.edges):
        if text:
            labeller.place_on_line(text, y, colour)
    for first, last in marks.wishes:
        # Ends that lie together would only crowd each other.
        if labeller.distance_pt(first[1:3], last[1:3]) > APART_PT:
            for text, x, y, colour in (first, last):
                labeller.place(text, x, y, colour)


def crowded(board: Board) -> bool:
    """Whether there are so many models that figures are drawn larger, with fewer whiskers."""
    return len(board.models) > CROWD


def look_of(board: Board) -> dict[str, Look]:
    """The look of every system of a run."""
    return assign_looks({name: info.family for name, info in board.records.run.systems.items()})


def explain_emptiness(ax: Axes, reason: str) -> None:
    """An empty panel says why it is empty."""
    ax.text(0.5, 0.5, reason, transform=ax.transAxes, ha="center", va="center", color=MUTED)
    ax.set_xticks([])


def set_limits(
    ax: Axes, *, xs: Sequence[float] | None = None, ys: Sequence[float] | None = None
) -> None:
    """Limits with a margin around the values; a lone value gets room on both sides."""
    for values, setter in ((xs, ax.set_xlim), (ys, ax.set_ylim)):
        finite = [v for v in values or () if math.isfinite(v)]
        if finite:
            low, high = min(finite), max(finite)
            largest = max(abs(low), abs(high))
            span = max(high - low, 0.04 * largest if largest > 0.01 else 0.1)
            middle = (low + high) / 2
            setter(middle - 0.57 * span, middle + 0.57 * span)


def ends(interval: Interval) -> list[float]:
    """The value and the ends of its interval, where they are defined."""
    return [v for v in (interval.value, interval.low, interval.high) if math.isfinite(v)]
