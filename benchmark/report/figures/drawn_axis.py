"""An axis with its grid, marks, numbers and label, laid out once: call it when sizes are final.

matplotlib's own axis is five artists for every tick, measured again in each of several passes,
and took half of the time of a figure. Where ticks are, and how they are written, is still asked
of it: see `matplotlib.axis.Axis`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.text import Text
from matplotlib.transforms import Bbox, Transform

_SIDES = {"x": "bottom", "y": "left"}
_MARKS: dict[str, Any] = {"x": TICKDOWN, "y": TICKLEFT}
_EDGE = 1e-9
"""How far beyond the limits a tick may be, as a share of them."""


class DrawnAxis(Artist):
    """The lower or left axis of a plot, in place of matplotlib's."""

    def __init__(self, ax: Axes, which: Literal["x", "y"]) -> None:
        super().__init__()
        self.set_zorder(0.5)
        self._ax, self._which = ax, which
        self.set_figure(self._figure())
        self._axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
        shown: dict[str, Any] = dict(self._axis.get_tick_params())
        side = _SIDES[which]
        places, words = self._find_ticks()
        self._size = float(shown.get("length", _style(f"{which}tick.major.size")))
        self._has_marks = bool(shown.get(side, True)) and self._size > 0
        self.numbers: list[Text] = []
        if shown.get(f"label{side}", True):
            colour = shown.get("labelcolor", _style(f"{which}tick.labelcolor"))
            size = shown.get("labelsize", _style(f"{which}tick.labelsize"))
            self.numbers = [
                self._write(place, word, colour, size)
                for place, word in zip(places, words, strict=True)
            ]
        self._lines: list[Line2D] = []
        across = {"x": ax.get_xaxis_transform, "y": ax.get_yaxis_transform}[which]
        if shown.get("gridOn", _style("axes.grid")) and len(places):
            self._lines.append(self._draw_grid(places, across()))
        if self._has_marks and len(places):
            self._lines.append(self._draw_marks(places, across()))
        self._place_label()

    def replace(self) -> None:
        """Hide matplotlib's axis, and stand in its place."""
        self._axis.set_visible(False)
        self._ax.add_artist(self)

    def get_window_extent(self, renderer: RendererBase | None = None) -> Bbox:
        """The room of the numbers and of the edge, in pixels."""
        boxes = [text.get_window_extent(renderer) for text in self.numbers if text.get_text()]
        beyond = self._size / 72 * self._figure().dpi if self._has_marks else 0.0
        edge = self._ax.bbox
        down, left = (beyond, 0.0) if self._which == "x" else (0.0, beyond)
        return Bbox.union([Bbox.from_extents(edge.x0 - left, edge.y0 - down, edge.x1, edge.y1),
                           *boxes])  # fmt: skip

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox:
        """The room of numbers and label, in pixels."""
        label = [self._axis.label] if self._axis.label.get_text() else []
        return Bbox.union(
            [self.get_window_extent(renderer), *(t.get_window_extent(renderer) for t in label)]
        )

    def draw(self, renderer: RendererBase) -> None:
        """Draw grid, marks, numbers and label."""
        for part in (*self._lines, *self.numbers, self._axis.label):
            part.draw(renderer)
        self.stale = False

    def _find_ticks(self) -> tuple[Sequence[float], Sequence[str]]:
        """The ticks within the limits, and what stands beside them."""
        places = np.asarray(self._axis.get_majorticklocs(), dtype=np.float64)
        words = self._axis.get_major_formatter().format_ticks(places.tolist())
        if not len(places):
            return [], []
        scaled = self._axis.get_transform().transform(places)
        low, high = sorted(self._axis.get_transform().transform(self._axis.get_view_interval()))
        slack = _EDGE * (high - low)
        inside = [low - slack <= place <= high + slack for place in scaled]
        kept = [number for number, is_inside in enumerate(inside) if is_inside]
        return [float(places[n]) for n in kept], [words[n] for n in kept]

    def _write(self, place: float, words: str, colour: str, size: float) -> Text:
        pad = _style(f"{self._which}tick.major.pad") + self._size
        if self._which == "x":
            transform, up, across = self._ax.get_xaxis_text1_transform(pad)
            text = Text(place, 0, words)
        else:
            transform, up, across = self._ax.get_yaxis_text1_transform(pad)
            text = Text(0, place, words)
        text.set(fontsize=size, color=colour, verticalalignment=up, horizontalalignment=across)
        text.set(figure=self._figure(), transform=transform)
        return text

    def _draw_grid(self, places: Sequence[float], transform: Transform) -> Line2D:
        """All lines of the grid as one, with gaps."""
        along = [x for place in places for x in (place, place, math.nan)]
        across = [0.0, 1.0, math.nan] * len(places)
        line = Line2D(
            *(along, across) if self._which == "x" else (across, along),
            color=_style("grid.color"), linewidth=_style("grid.linewidth"), transform=transform,
        )  # fmt: skip
        line.set(figure=self._figure(), clip_path=self._ax.patch)
        return line

    def _draw_marks(self, places: Sequence[float], transform: Transform) -> Line2D:
        """All marks at the edge as one line of markers."""
        edge = [0.0] * len(places)
        line = Line2D(
            *(places, edge) if self._which == "x" else (edge, places),
            linestyle="none", marker=_MARKS[self._which], markersize=self._size,
            color=_style(f"{self._which}tick.color"),
            markeredgewidth=_style(f"{self._which}tick.major.width"), transform=transform,
        )  # fmt: skip
        line.set_figure(self._figure())
        return line

    def _place_label(self) -> None:
        """Beyond the numbers, at a place that does not depend on the resolution."""
        if not self._axis.label.get_text():
            return
        room, edge = self.get_window_extent(), self._ax.bbox
        pad = self._axis.labelpad / 72 * self._figure().dpi
        if self._which == "x":
            self._axis.set_label_coords(0.5, (room.y0 - pad - edge.y0) / edge.height)
        else:
            self._axis.set_label_coords((room.x0 - pad - edge.x0) / edge.width, 0.5)

    def _figure(self) -> Figure:
        figure = self._ax.get_figure(root=True)
        assert figure is not None  # an axes without a figure has no pixels
        return figure


def _style(name: str) -> Any:
    """A setting of the style in use."""
    return rcParams[name]  # type: ignore[index]
