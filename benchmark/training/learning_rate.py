"""Learning rate as a pure function of the update."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["constant", "linear", "cosine", "inverse-sqrt"]


def learning_rate(
    update: int, *, peak: float, schedule: Schedule, warmup: int, updates: int | None
) -> float:
    """The rate of the `update`-th update, counted from 0.

    It rises linearly to `peak` over `warmup` updates, then falls: to zero at `updates` linearly or
    along half a cosine, or with the inverse square root (arXiv 1706.03762, eq. 3).

    Args:
        updates: length of the training; None (a budget in tokens or seconds) leaves `linear` and
            `cosine` at the peak, since their end is not known.
    """
    if update < warmup:
        return peak * (update + 1) / warmup
    if schedule == "inverse-sqrt":
        return peak * math.sqrt(max(1, warmup) / (update + 1))
    if schedule == "constant" or updates is None:
        return peak
    share = min(1.0, (update - warmup) / max(1, updates - warmup))
    if schedule == "linear":
        return peak * (1.0 - share)
    return peak * 0.5 * (1.0 + math.cos(math.pi * share))
