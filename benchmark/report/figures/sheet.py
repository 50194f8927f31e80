"""A figure laid out in inches: panels in a grid, one legend below, files without dates.

Sizes are fixed rather than fitted, so that figures of different runs can stand side by side
and text never shrinks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend

COLUMN_IN, PAGE_IN = 3.3, 7.0
"""Widths of one and of two columns of a paper."""

_STYLE = Path(__file__).parent.parent / "report.mplstyle"
_LEFT, _RIGHT, _TITLE, _XLABEL, _GAP, _EDGE = 0.47, 0.07, 0.24, 0.40, 0.36, 0.05


@contextmanager
def style() -> Iterator[None]:
    """The style of the report, whatever the user's own settings."""
    with matplotlib.style.context(["default", str(_STYLE)]):
        yield


@dataclass(frozen=True)
class Panel:
    """A plot, with a narrow strip at its left for systems that have no place on its x axis."""

    ax: Axes
    strip: Axes | None


@dataclass
class Sheet:
    """A figure whose panels get their place when the legend is known: call `finish`."""

    figure: Figure
    panels: list[Panel]
    rows: int
    columns: int
    width: float
    panel_height: float
    strip_width: float
    share_y: bool

    def finish(self, handles: Sequence[Artist], labels: Sequence[str]) -> None:
        """Size the figure, put the panels and the legend in their places."""
        self.figure.set_size_inches(self.width, 1)
        legend = self._legend(handles, labels)
        legend_height = 0.0
        if legend is not None:
            legend_height = legend.get_window_extent().height / self.figure.dpi + 0.08
        row_height = _TITLE + self.panel_height + _XLABEL
        height = self.rows * row_height + legend_height + 2 * _EDGE
        self.figure.set_size_inches(self.width, height)
        gap = _GAP / 2 if self.share_y else _GAP
        panel_width = (self.width - _LEFT - _RIGHT - (self.columns - 1) * gap) / self.columns
        for number, panel in enumerate(self.panels):
            row, column = divmod(number, self.columns)
            left = _LEFT + column * (panel_width + gap)
            top = height - _EDGE - row * row_height - _TITLE
            bottom, strip = top - self.panel_height, 0.0
            if panel.strip is not None:
                strip = self.strip_width
                self._set(panel.strip, left, bottom, strip, height)
                strip += 0.05
            self._set(panel.ax, left + strip, bottom, panel_width - strip, height)
        if legend is not None:
            legend.set_bbox_to_anchor((0.5, _EDGE / height), transform=self.figure.transFigure)

    def _set(self, ax: Axes, left: float, bottom: float, width: float, height: float) -> None:
        ax.set_position(
            (left / self.width, bottom / height, width / self.width, self.panel_height / height)
        )

    def _legend(self, handles: Sequence[Artist], labels: Sequence[str]) -> Legend | None:
        """The legend with as many columns as fit."""
        if not handles:
            return None
        for columns in range(min(len(handles), 6), 0, -1):
            legend = self.figure.legend(handles, labels, loc="lower center", ncols=columns)
            self.figure.draw_without_rendering()
            if legend.get_window_extent().width <= (self.width - 0.1) * self.figure.dpi:
                return legend
            if columns > 1:
                legend.remove()
        return legend


def make_sheet(
    rows: int,
    columns: int,
    *,
    width: float,
    panel_height: float,
    strip_width: float = 0.0,
    share_y: bool = False,
    count: int | None = None,
) -> Sheet:
    """An empty sheet of `count` panels (all by default); no strips where their width is 0."""
    figure = Figure(figsize=(width, 1))
    FigureCanvasAgg(figure)
    panels: list[Panel] = []
    for number in range(rows * columns if count is None else count):
        # Places come later; until then every axes needs one of its own.
        spot = (0.1, 0.1, 0.8, 0.8)
        shared = panels[0].strip or panels[0].ax if share_y and panels else None
        strip = figure.add_axes(spot, label=f"strip {number}", sharey=shared) if strip_width else None
        ax = figure.add_axes(spot, label=f"panel {number}", sharey=strip or shared)
        if strip is not None:
            ax.tick_params(axis="y", left=False, labelleft=False)
            ax.spines["left"].set_linestyle((0, (1, 2)))
            strip.grid(visible=False, axis="x")
        if share_y and number % columns:
            (strip or ax).tick_params(axis="y", labelleft=False)
        panels.append(Panel(ax, strip))
    return Sheet(figure, panels, rows, columns, width, panel_height, strip_width, share_y)


def save(figure: Figure, stem: Path) -> None:
    """Write `<stem>.png` and `<stem>.pdf`, without dates: equal figures, equal bytes."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    # Not `with_suffix`: a task may have a dot in its name.
    png, pdf = (stem.with_name(stem.name + suffix) for suffix in (".png", ".pdf"))
    figure.savefig(png, metadata={"Software": None})
    nothing = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    figure.savefig(pdf, metadata=nothing)


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element with a transparent ground."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()
    return text[text.index("<svg") :]
