"""Logarithmic axes with plain numbers, also where the values span less than a decade."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes

MOST_TICKS = 7


def make_logarithmic(ax: Axes, which: Literal["x", "y"], values: Sequence[float]) -> None:
    """Make an axis logarithmic, with limits around `values` (all positive) and few ticks."""
    low, high = min(values), max(values)
    margin = max((high / low) ** 0.06, 1.25 if high > 2 * low else 2.2)
    low, high = low / margin, high * margin
    ticks = _choose_ticks(low, high)
    labels = [
        _plain(tick) if ticks[0] >= 1e-4 and ticks[-1] < 1e5 else _power(tick) for tick in ticks
    ]
    ax.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    axis.set_ticks(ticks, labels)
    axis.set_ticks([], minor=True)


def _choose_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks: list[float] = []
    for stride, steps in ((1, (1, 2, 5)), (1, (1, 3)), (1, (1,)), (2, (1,)), (4, (1,))):
        ticks = [step * 10.0**e for e in range(first, last + 1, stride) for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MOST_TICKS:
            break
    # Between 2 and 5 there may be no round number at all: then the ends are marked.
    return ticks or [low, high]


def _plain(value: float) -> str:
    return f"{value:.3g}" if 1e-4 <= value < 1e3 and "e" not in f"{value:.3g}" else f"{value:.0f}"


def _power(value: float) -> str:
    exponent = math.floor(math.log10(value) + 1e-9)
    mantissa = round(value / 10.0**exponent)
    lead = "" if mantissa == 1 else f"{mantissa}{{\\cdot}}"
    return f"${lead}10^{{{exponent}}}$"
