"""What the statistics of a metric mean: `set`, `expected`, `mbr` and `oracle`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark.scoring.bootstrap import AdditiveScore, mean_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Total = Callable[[FloatArray], FloatArray]
"""From summed statistics `(..., n)` to the scores of corpora `(...)`."""


def additive_statistic(
    name: str, values: FloatArray, index: IntArray | None, total: Total | None = None
) -> AdditiveScore | None:
    """A statistic as a sum of contributions of the sources; None if it does not apply.

    Args:
        name: `set`, of all candidates together; `expected`, the mean over candidates; `mbr` or
            `oracle`, of the candidate selected by `index`.
        values: `(S,)` for `set`, `(S, K)` for values of candidates, `(S, K, n)` for statistics of a
            corpus score.
        index: `(S,)`, the candidate of each source; None if none can be selected.
        total: of a corpus score.
    """
    if name == "set":
        return mean_of(values)
    if name == "expected" and total is None:
        return mean_of(values.mean(axis=1))
    if name == "expected" and total is not None:
        num_sources, num_samples = values.shape[:2]
        return AdditiveScore(
            values.reshape(num_sources, -1), partial(_mean_total, total, num_samples)
        )
    if index is None:
        return None
    picked = pick(values, index)
    return mean_of(picked) if total is None else AdditiveScore(picked, total)


def best(values: FloatArray, direction: str) -> IntArray | None:
    """The best candidate of each source `(S,)`, as in `oracle`; None without a direction."""
    if direction == "none":
        return None
    return values.argmax(axis=1) if direction == "higher" else values.argmin(axis=1)


def pick(values: FloatArray, index: IntArray) -> FloatArray:
    """One candidate of each source: `(S,)` or `(S, n)`."""
    picked: FloatArray = values[np.arange(len(values)), index]
    return picked


def _mean_total(total: Total, num_samples: int, sums: FloatArray) -> FloatArray:
    """The mean score of `num_samples` corpora whose sums are side by side."""
    averaged: FloatArray = total(sums.reshape(*sums.shape[:-1], num_samples, -1)).mean(axis=-1)
    return averaged
