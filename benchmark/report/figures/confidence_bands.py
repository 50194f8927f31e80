"""Confidence bands of curves whose settings were resampled together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes

from benchmark.records.schema import Interval
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.marks import Marks

Setting = TypeVar("Setting")

STEPS = 4
"""Places between two settings at which a band is computed."""


def draw_band(
    ax: Axes,
    xs: Sequence[float],
    settings: Sequence[Setting],
    colour: str,
    marks: Marks,
    *,
    interval: Callable[[Mapping[Setting, float]], Interval],
    system: str = "",
) -> bool:
    """Shade the interval of the quality along a curve; False where it is not known.

    Between two settings it is that of their mixture, which decodes each source with one of the
    two at random, from the same resamples. It holds at each place, not for the curve as a whole.

    Args:
        ax: where to draw.
        xs: diversities of the settings, as measured.
        settings: of the curve, in its order.
        colour: of the curve.
        marks: takes the height of the band, for the limits.
        interval: of the quality of a mixture, from its settings and their shares.
        system: whose curve it is, where the page is to name it.
    """
    places, lows, highs = [], [], []
    for (x0, first), (x1, second) in pairwise(zip(xs, settings, strict=True)):
        for share in np.linspace(0, 1, STEPS + 1):
            mixed = interval({first: 1 - share, second: share})
            if not mixed.bounded:
                return False
            places.append((1 - share) * x0 + share * x1)
            lows.append(mixed.low)
            highs.append(mixed.high)
    if not places:
        return False
    ax.fill(
        [*places, *reversed(places)], [*lows, *reversed(highs)],
        color=colour, alpha=0.16, linewidth=0, zorder=1.8, gid=gid(system) if system else None,
    )  # fmt: skip
    marks.ys += [min(lows), max(highs)]
    return True
