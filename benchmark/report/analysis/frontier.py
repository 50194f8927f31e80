"""The frontier of a system: the best quality that it gives at a diversity, or for a cost.

The settings of a system are points (diversity, quality). What it can do is read off their
Pareto envelope: the settings that no other beats in both, joined by straight lines. A point
on such a line is not a guess: decoding each source with one of the two settings, drawn at random,
yields it in expectation, because both means are means over sources. Below the smallest diversity
that was measured the envelope stays at its best quality (a request for less variety is met by
more), and beyond the largest it ends: nothing is extrapolated.

The *area under the frontier* is the hypervolume indicator (Zitzler and Thiele, "Multiobjective
optimization using evolutionary algorithms", PPSN V 1998) against the reference point (0, 0) of no
diversity and no quality: the area of all that the envelope dominates. As diversity (1 minus
self-BLEU) ends at 1, it is also the mean over all diversities of the best quality that is at least
as varied, where a diversity out of reach counts 0. The indicator was chosen for three reasons:
it never prefers a dominated envelope; it does not change when another system joins the table, as
an area over the range common to all systems does (and that range is often empty); and a sweep
that stops early loses what it did not show, instead of being credited with a continuation. The
last has a price: areas compare sweeps as they were run, so the table prints how far each reached.

Cost is the same with the sign turned: the best quality for at most that many network calls.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def area(xs: FloatArray, ys: FloatArray) -> FloatArray:
    """The area under the Pareto envelope of points, above and right of (0, 0).

    Args:
        xs: diversities `(R, k)` of k settings in R resamples.
        ys: qualities `(R, k)`; higher is better, none below 0.

    Returns:
        `(R,)`; NaN where a point is undefined.
    """
    xs, ys = _sort_by_falling_x(xs, ys)
    right, best = xs[:, 0], ys[:, 0]
    total = np.zeros(len(xs))
    for x, y in zip(xs.T[1:], ys.T[1:], strict=True):
        beats = y > best
        total += np.where(beats, (right - x) * (y + best) / 2, 0.0)
        right, best = np.where(beats, x, right), np.where(beats, y, best)
    return _mask_undefined(xs, ys, total + right * best)


def place_at(xs: FloatArray, ys: FloatArray, level: float) -> dict[int, float]:
    """The place of the Pareto envelope at a diversity of `level` or more: settings and shares.

    Args:
        xs: diversities `(k,)`; negative costs for the best quality within a budget.
        ys: qualities `(k,)`; higher is better.
        level: the diversity, or the negative budget.

    Returns:
        One setting, or two with shares that add up to 1; empty where no setting reaches the level.
    """
    front = sorted(np.flatnonzero(undominated(xs, ys)).tolist(), key=lambda i: float(xs[i]))
    beyond = next((i for i in front if xs[i] >= level), None)
    if beyond is None:
        return {}
    before = next((i for i in reversed(front) if xs[i] < level), None)
    if before is None or xs[beyond] == level:
        return {beyond: 1.0}
    share = float((level - xs[before]) / (xs[beyond] - xs[before]))
    return {before: 1 - share, beyond: share}


def undominated(xs: FloatArray, ys: FloatArray) -> NDArray[np.bool_]:
    """Which of k points `(k,)` no other beats: at least as good in both, better in one."""
    as_good = (xs[:, None] <= xs) & (ys[:, None] <= ys)
    better = (xs[:, None] < xs) | (ys[:, None] < ys)
    beaten = np.logical_and(as_good, better).any(axis=1)
    return np.logical_not(np.asarray(beaten, dtype=np.bool_))


def _sort_by_falling_x(xs: FloatArray, ys: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The points of every row by falling x."""
    order = np.argsort(-xs, axis=1, kind="stable")
    return np.take_along_axis(xs, order, axis=1), np.take_along_axis(ys, order, axis=1)


def _mask_undefined(xs: FloatArray, ys: FloatArray, values: FloatArray) -> FloatArray:
    defined: FloatArray = np.where(np.isfinite(xs + ys).all(axis=1), values, np.nan)
    return defined
