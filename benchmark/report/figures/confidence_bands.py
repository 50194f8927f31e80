"""Confidence bands of curves whose settings were resampled together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmark.records.schema import Interval
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.marks import Marks

FloatArray = NDArray[np.float64]

STEPS = 4
"""Places between two settings at which a band is computed."""


def draw_band(
    ax: Axes,
    xs: Sequence[float],
    draws: Sequence[FloatArray],
    colour: str,
    marks: Marks,
    *,
    interval: Callable[[FloatArray], Interval],
    system: str = "",
) -> bool:
    """Shade the interval of the quality along a curve; False where it is not known.

    Between two settings it is that of their mixture, which decodes each source with one of the
    two at random, from the same resamples. It holds at each place, not for the curve as a whole.

    Args:
        ax: where to draw.
        xs: diversities of the settings, as measured.
        draws: for each setting the draws of its quality.
        colour: of the curve.
        marks: takes the height of the band, for the limits.
        interval: of draws.
        system: whose curve it is, where the page is to name it.
    """
    places, lows, highs = [], [], []
    for (x0, first), (x1, second) in pairwise(zip(xs, draws, strict=True)):
        for share in np.linspace(0, 1, STEPS + 1):
            mixed = interval((1 - share) * first + share * second)
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
