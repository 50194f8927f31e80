"""The legend of a figure: entries in columns, laid out once and in inches.

matplotlib's own legend measures all of its words again for every box around them, which took a
sixth of the time of a figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

MOST_COLUMNS = 6

_POINT = 1 / 72


class LegendBlock(Artist):
    """Lines with their words, column by column; its lower edge is centred at `bottom`."""

    def __init__(self, figure: Figure, handles: Sequence[Line2D], *, widest: float, bottom: float):
        """Lay out the entries in as many columns as fit.

        Args:
            figure: where it stands.
            handles: the entries; each carries its label.
            widest: the room in inches.
            bottom: of the lowest words, in inches above the lower edge of the figure.
        """
        super().__init__()
        self.set_figure(figure)
        self._inches = figure.dpi_scale_trans
        size = rcParams["legend.fontsize"] * _POINT
        self._texts = [self._write(str(handle.get_label()), size) for handle in handles]
        boxes = [text.get_window_extent() for text in (*self._texts, self._write("lp", size))]
        widths = [box.width / figure.dpi for box in boxes[:-1]]
        height = boxes[-1].height / figure.dpi
        descent = -boxes[-1].y0 / figure.dpi
        length = rcParams["legend.handlelength"] * size
        before = length + rcParams["legend.handletextpad"] * size
        gap = rcParams["legend.columnspacing"] * size
        for count in range(min(len(handles), MOST_COLUMNS), 0, -1):
            columns = np.array_split(np.arange(len(handles)), count)
            rooms = [before + max(widths[entry] for entry in column) for column in columns]
            width = sum(rooms) + gap * (count - 1)
            if width <= widest:
                break
        row = height + rcParams["legend.labelspacing"] * size
        rows = math.ceil(len(handles) / count)
        self.height = rows * row - (row - height)
        left = figure.get_figwidth() / 2 - width / 2
        self.legend_handles: list[Line2D] = []
        for column, room in zip(columns, rooms, strict=True):
            for number, entry in enumerate(column):
                y = bottom + self.height - height + descent - number * row
                self._texts[entry].set_position((left + before, y))
                line = Line2D([left, left + length / 2, left + length], [y + 0.35 * size] * 3)
                line.update_from(handles[entry])
                line.set(figure=figure, transform=self._inches, markevery=[1])
                self.legend_handles.append(line)
            left += room + gap
        self._box = Bbox.from_bounds(
            figure.get_figwidth() / 2 - width / 2, bottom, width, self.height
        )

    def _write(self, words: str, size: float) -> Text:
        text = Text(0, 0, words, fontsize=size / _POINT)
        text.set(figure=self.get_figure(), transform=self._inches)
        return text

    def get_texts(self) -> list[Text]:
        """The words of the entries."""
        return self._texts

    def get_window_extent(self, renderer: RendererBase | None = None) -> Bbox:
        """The room that it takes, in pixels."""
        return self._box.transformed(self._inches)

    def draw(self, renderer: RendererBase) -> None:
        """Draw all entries."""
        for part in (*self.legend_handles, *self._texts):
            part.draw(renderer)
        self.stale = False
