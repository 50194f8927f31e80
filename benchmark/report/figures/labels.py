"""Small labels beside marks: placed where they hide nothing, left out where there is no room."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels."""

Places = Callable[[float, float], Iterator[tuple[float, float]]]
"""From width and height of a label to the centres that it may take, best first."""

SIZE_PT = 6.0

# Nearest places first, above and below before the diagonals.
_PLACES = (
    (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    (0, 1.9), (0, -1.9), (1.6, 0.6), (-1.6, 0.6), (1.6, -0.6), (-1.6, -0.6),
)  # fmt: skip


@dataclass
class Labeller:
    """Places the labels of one axes; remembers what is already there.

    Call it after limits and sizes are final: it works in pixels.
    """

    ax: Axes
    marks: list[Box] = field(default_factory=list)
    strokes: list[FloatArray] = field(default_factory=list)
    """Of every line, places along it `(n, 2)`."""

    def avoid_mark(self, x: float, y: float, size_pt: float) -> None:
        """Keep labels off a marker."""
        px, py = self._pixel(x, y)
        half = self._px(size_pt) / 2 + 1
        self.marks.append((px - half, py - half, px + half, py + half))

    def avoid_text(self, text: Text) -> None:
        """Keep labels off a text that is there already."""
        box = text.get_window_extent()
        self.marks.append((box.x0, box.y0, box.x1, box.y1))

    def avoid_line(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Keep labels off a line, where that can be done."""
        if len(xs) < 2:
            return
        points = self.ax.transData.transform(np.column_stack([xs, ys]))
        first, way = points[:-1], np.diff(points, axis=0)
        longest = np.nan_to_num(np.abs(way).max(axis=1)) / self._px(1.5)
        counts = np.maximum(1, longest.astype(np.int64))
        # Every piece of a line by its number, and each place by its share of the way along it.
        piece = np.repeat(np.arange(len(counts)), counts + 1)
        step = np.arange(len(piece)) - np.repeat(np.cumsum(counts + 1) - counts - 1, counts + 1)
        self.strokes.append(first[piece] + way[piece] * (step / counts[piece])[:, None])

    def distance_pt(self, first: tuple[float, float], second: tuple[float, float]) -> float:
        """How far two places of the axes are apart, in points."""
        (x0, y0), (x1, y1) = self._pixel(*first), self._pixel(*second)
        return math.hypot(x1 - x0, y1 - y0) / self._px(1.0)

    def place(self, text: str, x: float, y: float, colour: str) -> Text | None:
        """Put `text` beside a mark; None where there is no free place."""
        px, py = self._pixel(x, y)
        reach = self._px(4.5)

        def around(width: float, height: float) -> Iterator[tuple[float, float]]:
            for right, up in _PLACES:
                yield px + right * (width / 2 + reach), py + up * (height / 2 + reach)

        return self._put(text, colour, around)

    def place_on_line(self, text: str, y: float, colour: str) -> Text | None:
        """Put `text` just above or below a horizontal line, right end first."""
        left, _, right, _ = self._frame()
        _, py = self._pixel(self.ax.get_xlim()[0], y)

        def along(width: float, height: float) -> Iterator[tuple[float, float]]:
            gap = height / 2 + self._px(1.5)
            room = right - left - width - self._px(4)
            for up in (1, -1):
                for share in (1.0, 0.0, 0.75, 0.5, 0.25):
                    yield left + self._px(2) + width / 2 + room * share, py + up * gap

        return self._put(text, colour, along, own_line=True)

    def _put(
        self, text: str, colour: str, places: Places, *, own_line: bool = False
    ) -> Text | None:
        frame = left, bottom, right, top = self._frame()
        label = self.ax.text(
            *self._data((left + right) / 2, (bottom + top) / 2),
            text,
            fontsize=SIZE_PT,
            color=colour,
            ha="center",
            va="center",
            zorder=6,
        )
        extent = label.get_window_extent()
        # Room at the sides, so that two numbers do not read as one.
        width, height = extent.width + self._px(2.5), extent.height * 0.86
        strokes = self._gather_strokes()
        best: tuple[int, float, float, Box] | None = None
        for cx, cy in places(width, height):
            box = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
            if not _inside(box, frame) or any(_meet(box, mark) for mark in self.marks):
                continue
            crossed = _count_inside(box, strokes)
            if best is None or crossed < best[0]:
                best = (crossed, cx, cy, box)
            if crossed == 0:
                break
        # A stroke through the corner of a number is legible, one along it is not.
        if best is None or best[0] > (0 if own_line else 2):
            label.remove()
            return None
        _, cx, cy, box = best
        label.set_position(self._data(cx, cy))
        self.marks.append(box)
        return label

    def _gather_strokes(self) -> FloatArray:
        """All places of strokes in one array."""
        if len(self.strokes) > 1:
            self.strokes = [np.concatenate(self.strokes)]
        return self.strokes[0] if self.strokes else np.empty((0, 2))

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        px, py = self.ax.transData.transform((x, y))
        return float(px), float(py)

    def _data(self, px: float, py: float) -> tuple[float, float]:
        x, y = self.ax.transData.inverted().transform((px, py))
        return float(x), float(y)

    def _px(self, points: float) -> float:
        figure = self.ax.get_figure(root=True)
        assert figure is not None  # an axes without a figure has no pixels
        return points * figure.dpi / 72

    def _frame(self) -> Box:
        box = self.ax.bbox
        return (box.x0, box.y0, box.x1, box.y1)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _count_inside(box: Box, points: FloatArray) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(((box[0] <= x) & (x <= box[2]) & (box[1] <= y) & (y <= box[3])).sum())


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
