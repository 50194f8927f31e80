"""What a part of a figure shows, written into the drawing itself.

matplotlib carries the `gid` of an artist into SVG as an `id`, and drops it elsewhere. The page
turns it into attributes that its script finds: see `benchmark.report.page.interactive_svg`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmark.report.data.points import Point


def gid(system: str, points: Sequence[Point] = (), *, legend: bool = False) -> str:
    """The `gid` of an artist of `system`.

    Args:
        system: whose curve, whisker, mark or legend entry it is.
        points: what its markers show, one per marker and in their order; none for a line.
        legend: whether it is in the legend.
    """
    named = [(point.task, point.system, point.label) for point in points]
    return json.dumps({"system": system, "points": named, "legend": legend})
