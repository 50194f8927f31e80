"""Systems far below all others: named at the lower edge of a panel, which zooms to the others.

Drawn to scale, one system that fails leaves the others a tenth of the height, and they cannot be
told apart. Which ones are far below is Tukey's rule for boxplots ("Exploratory data analysis",
1977): by more than 1.5 times the distance between the quartiles below the lower one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from benchmark.report.figures.labels import SIZE_PT
from benchmark.report.figures.palette import MUTED, PAPER

FEWEST = 5
"""Systems that quartiles need."""

REACH = 1.5
"""Distances between the quartiles."""

LEAST = 0.05
"""The least distance between the quartiles that counts, as a share of the upper one: systems that
are nearly equal are not parted."""

_LINE_PT = 7.5
_GAP_PT = 3.0


def find_outliers(values: Mapping[str, float]) -> frozenset[str]:
    """The names whose values (higher is better) are far below those of the others."""
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    if len(known) < FEWEST:
        return frozenset()
    lower, upper = np.quantile(list(known.values()), [0.25, 0.75]).tolist()
    fence = lower - REACH * max(upper - lower, LEAST * abs(upper))
    return frozenset(name for name, value in known.items() if value < fence)


def name_outliers(ax: Axes, outliers: Sequence[tuple[str, float]]) -> None:
    """Write names and values below everything in a panel; its size must be final.

    The lower limit is moved down to make room, so that nothing is covered.
    """
    if not outliers:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None  # an axes without a figure has no size
    point = figure.dpi / 72
    told = [f"{name} {value:.2g}" for name, value in sorted(outliers, key=lambda o: -o[1])]
    label = ax.text(
        0.0, 0.0, "", transform=ax.transAxes, fontsize=SIZE_PT, color=MUTED, ha="left", va="bottom",
        linespacing=1.15, zorder=6,
    )  # fmt: skip
    lines = [f"↓ {told[0]}"]
    for words in told[1:]:
        label.set_text(f"{lines[-1]}, {words}")
        if label.get_window_extent().width <= ax.bbox.width - 2 * _GAP_PT * point:
            lines[-1] = label.get_text()
        else:
            lines[-1] += ","
            lines.append(words)
    label.set_text("\n".join(lines))
    label.set_position((_GAP_PT * point / ax.bbox.width, _GAP_PT * point / ax.bbox.height))
    share = (len(lines) * _LINE_PT + 2 * _GAP_PT) * point / ax.bbox.height
    low, high = ax.get_ylim()
    # No number stands beside what is not on the scale.
    ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= high])
    ax.set_ylim(high - (high - low) / (1 - share), high)
    ground = Rectangle(
        (0, 0), 1, share, transform=ax.transAxes, facecolor=PAPER, edgecolor="none", zorder=5
    )
    ax.add_patch(ground)
    ax.axhline(low, color=MUTED, linewidth=0.5, linestyle=(0, (1, 2)), zorder=5.5)
