"""A figure as a grid of panels with one legend below, laid out in inches.

Sizes are fixed rather than fitted, so that figures of different runs can stand side by side
and text never shrinks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmark.report.figures.drawn_axis import DrawnAxis
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend_block import LegendBlock
from benchmark.report.figures.marks import Marks, annotate

COLUMN_IN, WIDE_IN, PAGE_IN = 3.3, 4.6, 7.0
"""Widths of one column, of one with many systems, and of two columns of a paper."""

_TICK = 0.36
"""Room for the number of a tick on an x axis, in inches."""

Share = Literal["none", "x"]
"""Which axis the panels have in common; the inner ones then show no labels on it."""

_LEFT, _RIGHT, _TITLE, _XLABEL, _GAP, _EDGE = 0.47, 0.07, 0.22, 0.40, 0.50, 0.05


@dataclass(frozen=True)
class Panel:
    """A plot, with a narrow strip at its left for systems that have no place on its x axis."""

    ax: Axes
    strip: Axes | None
    marks: Marks = field(default_factory=Marks)
    """What is drawn in it, to be labelled when sizes are final."""


@dataclass
class PanelGrid:
    """A figure whose panels get their place when the legend is known: call `finish`."""

    figure: Figure
    panels: list[Panel]
    columns: int
    width: float
    panel_height: float
    strip_width: float
    share: Share

    def finish(self, handles: Sequence[Line2D]) -> None:
        """Size the figure, put panels and legend in their places, and label what is drawn."""
        self.figure.set_size_inches(self.width, 1)
        legend_height = self._add_legend(handles) + 0.08 if handles else 0.0
        # Rows with a common x axis carry title and label once, and are close together.
        joined = self.share == "x"
        row_height = self.panel_height + (0.1 if joined else _TITLE + _XLABEL)
        height = math.ceil(len(self.panels) / self.columns) * row_height + legend_height + 2 * _EDGE
        height += _TITLE + _XLABEL - 0.1 if joined else 0
        self.figure.set_size_inches(self.width, height)
        self._place_panels(_LEFT, height, row_height)
        # Wide numbers push the label of an axis out of the figure: make room for it.
        left = [panel.strip or panel.ax for panel in self.panels[:: self.columns]]
        beyond = min(DrawnAxis(ax, "y").get_tightbbox().x0 for ax in left)
        if (missing := _EDGE - beyond / self.figure.dpi) > 0:
            self._place_panels(_LEFT + missing, height, row_height)
        for panel in self.panels:
            if panel.ax.get_xscale() == "linear":
                width = panel.ax.get_position().width * self.width
                locator, most = panel.ax.xaxis.get_major_locator(), max(3, int(width / _TICK))
                if isinstance(locator, MaxNLocator):
                    locator.set_params(nbins=most, min_n_ticks=min(most, 4))
                else:
                    panel.ax.locator_params(axis="x", nbins=most)
        for panel in self.panels:
            # Ticks whose numbers would touch the words below the strip are dropped.
            if panel.strip is not None and len(panel.ax.get_xticks()):
                low, high = panel.ax.get_xlim()
                kept = [t for t in panel.ax.get_xticks() if low + 0.07 * (high - low) <= t <= high]
                panel.ax.set_xticks(kept)
            annotate(panel.ax, panel.marks)
        for panel in self.panels:
            for ax in filter(None, (panel.strip, panel.ax)):
                for which in ("x", "y"):
                    DrawnAxis(ax, which).replace()

    def _place_panels(self, left: float, height: float, row_height: float) -> None:
        """Put the panels in their places; all in inches."""
        panel_width = (self.width - left - _RIGHT - (self.columns - 1) * _GAP) / self.columns
        for number, panel in enumerate(self.panels):
            row, column = divmod(number, self.columns)
            at = left + column * (panel_width + _GAP)
            bottom = height - _EDGE - row * row_height - _TITLE - self.panel_height
            beside = 0.0
            if panel.strip is not None:
                self._set(panel.strip, at, bottom, self.strip_width, height)
                beside = self.strip_width + 0.05
            self._set(panel.ax, at + beside, bottom, panel_width - beside, height)

    def _set(self, ax: Axes, left: float, bottom: float, width: float, height: float) -> None:
        ax.set_position(
            (left / self.width, bottom / height, width / self.width, self.panel_height / height)
        )

    def _add_legend(self, handles: Sequence[Line2D]) -> float:
        """Put the legend below the panels; its height in inches."""
        legend = LegendBlock(self.figure, handles, widest=self.width - 0.1, bottom=_EDGE)
        # It takes the place of one of matplotlib's own.
        self.figure.legends.append(legend)  # type: ignore[arg-type]
        for handle, *parts in zip(handles, legend.legend_handles, legend.get_texts(), strict=True):
            for part in parts:
                # An entry is called after its system, or its handle says which that is.
                part.set_gid(gid(handle.get_gid() or str(handle.get_label()), legend=True))
        return legend.height


def make_grid(
    count: int,
    columns: int,
    *,
    width: float,
    panel_height: float,
    strip_width: float = 0.0,
    share: Share = "none",
) -> PanelGrid:
    """An empty grid of `count` panels, row by row; no strips where their width is 0."""
    figure = Figure(figsize=(width, 1))
    FigureCanvasAgg(figure)
    panels: list[Panel] = []
    for number in range(count):
        first = panels[0] if panels else None
        panel = _panel(figure, number, first, strip=strip_width > 0, share=share)
        left = panel.strip or panel.ax
        if share == "x" and number < count - columns:
            for ax in (panel.ax, left):
                ax.tick_params(axis="x", labelbottom=False)
        panels.append(panel)
    return PanelGrid(figure, panels, columns, width, panel_height, strip_width, share)


def make_column(count: int, *, many: bool, strip_width: float = 0.0) -> PanelGrid:
    """Panels below each other over one x axis at column width; larger for `many` systems."""
    return make_grid(
        max(1, count), 1,
        width=WIDE_IN if many else COLUMN_IN, panel_height=2.0 if many or count < 2 else 1.5,
        strip_width=strip_width, share="x",
    )  # fmt: skip


def _panel(figure: Figure, number: int, first: Panel | None, *, strip: bool, share: Share) -> Panel:
    # Places come with `finish`; until then every axes needs one of its own.
    spot = (0.1, 0.1, 0.8, 0.8)
    share_x = first.ax if first and share == "x" else None
    if not strip:
        return Panel(figure.add_axes(spot, sharex=share_x), None)
    narrow = figure.add_axes(spot, label=f"strip {number}")
    narrow.grid(visible=False, axis="x")
    ax = figure.add_axes(spot, label=f"panel {number}", sharex=share_x, sharey=narrow)
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.spines["left"].set_linestyle((0, (1, 2)))
    return Panel(ax, narrow)
