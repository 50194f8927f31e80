"""Minimum Bayes risk: the candidate that the other candidates agree with most.

For every source the candidate with the largest summed utility against the others, one at a
time: the candidate is the hypothesis, the other the only reference; a candidate is not compared
with itself, but is with another of the same text. Totals that differ by less than `TIE` are
equal, and of equals the first is taken, so rounding cannot decide. Every system gets the same
treatment with the same number of candidates.

What n of K candidates would have chosen follows from the same pair scores: a window holds n
candidates that follow each other, the first after the last. Independent draws have no order, so
each of the K windows of a size is as good a sample as the first n; `choice_counts` counts over
all of them. Every candidate is in n windows, which makes the estimate exact at both ends (at
n = 1 the mean of all candidates, at n = K the choice of `choose`), less noisy than the first n
alone in between, and free of a seed. A ranked list has an order: for it a window means nothing.

Source: Kumar and Byrne, "Minimum Bayes-risk decoding for statistical machine translation" (NAACL
2004); selection as in DiffuSeq (arXiv 2210.08933), which used it for its own row alone. The mean
over the windows is an incomplete U-statistic of a cyclic design: Blom, "Some properties of
incomplete U-statistics" (Biometrika 1976).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray

TIE = 1e-9

IntArray = NDArray[np.int64]


def choose(pairs: FloatArray) -> IntArray:
    """Index of the chosen candidate of every source.

    Args:
        pairs: utilities `(S, K, K)`; `[s, i, j]` is candidate i as hypothesis, j as reference.

    Returns:
        `(S,)` indices; 0 where there is one candidate.
    """
    return _first_of_best(_without_itself(pairs).sum(axis=-1))


def choose_by_size(pairs: FloatArray, *, start: int = 0) -> IntArray:
    """What the window of each size would have chosen; with `start` 0 the first n candidates.

    Args:
        pairs: as for `choose`.
        start: the candidate with which every window begins.

    Returns:
        `(S, K)` indices; `[s, n - 1]` is the choice of n candidates.
    """
    by_reference = np.moveaxis(_without_itself(pairs), -1, 0)
    totals = np.zeros(by_reference.shape[1:])

    def grown(newest: int) -> FloatArray:
        nonlocal totals
        totals = totals + by_reference[newest]
        return totals

    return _by_size(grown, _first_of_best, totals.shape, start)


def choice_counts(pairs: FloatArray) -> IntArray:
    """How many of the K windows of a size choose each candidate.

    Args:
        pairs: as for `choose`.

    Returns:
        `(S, K, K)`; `[s, n - 1, k]` is the number of windows of n candidates that choose k.
    """
    return _counted(lambda start: choose_by_size(pairs, start=start), pairs.shape[:2])


def best_counts(values: FloatArray, direction: Literal["higher", "lower"]) -> IntArray:
    """In how many of the K windows of a size each candidate is the best: an upper bound for MBR.

    Args:
        values: the score of every candidate against the references `(S, K)`.
        direction: which end of the score is good.

    Returns:
        `(S, K, K)`, as `choice_counts`; of equals the first counts.
    """
    signed = values if direction == "higher" else -values

    def best(start: int) -> IntArray:
        return _by_size(lambda _: signed, _first_of_largest, signed.shape, start)

    return _counted(best, values.shape)


def mean_by_size(counts: IntArray, values: FloatArray) -> FloatArray:
    """The mean over the windows of a value of the chosen candidates.

    Args:
        counts: of `choice_counts` or `best_counts`.
        values: one or more numbers per candidate, `(S, K)` or `(S, K, n)`.

    Returns:
        `(S, K)` or `(S, K, n)`, by size; NaN where a candidate that was chosen has none.
    """
    shares = counts / counts.shape[-1]
    undefined = np.isnan(values)
    if not undefined.any():
        return _product(shares, values)
    mean = _product(shares, np.where(undefined, 0.0, values))
    mean[_product(shares, undefined.astype(np.float64)) > 0] = np.nan
    return mean


def _without_itself(pairs: FloatArray) -> FloatArray:
    return np.where(np.eye(pairs.shape[-1], dtype=bool), 0.0, pairs)


def _first_of_best(totals: FloatArray) -> IntArray:
    best = totals.max(axis=-1, keepdims=True)
    return (totals >= best - TIE).argmax(axis=-1)


def _first_of_largest(values: FloatArray) -> IntArray:
    return values.argmax(axis=-1)


def _by_size(
    grown: Callable[[int], FloatArray],
    pick: Callable[[FloatArray], IntArray],
    shape: tuple[int, ...],
    start: int,
) -> IntArray:
    """What `pick` takes of each window; `grown` gives the totals when a candidate has joined."""
    num_samples = shape[-1]
    chosen = np.empty(shape, dtype=np.int64)
    inside = np.zeros(num_samples, dtype=bool)
    for size in range(num_samples):
        newest = (start + size) % num_samples
        inside[newest] = True
        chosen[:, size] = pick(np.where(inside, grown(newest), -np.inf))
    return chosen


def _counted(choices: Callable[[int], IntArray], shape: tuple[int, ...]) -> IntArray:
    counts = np.zeros((*shape, shape[-1]), dtype=np.int64)
    source, size = np.indices(shape)
    for start in range(shape[-1]):
        counts[source, size, choices(start)] += 1
    return counts


def _product(shares: FloatArray, values: FloatArray) -> FloatArray:
    if values.ndim == 2:
        return (shares @ values[..., None])[..., 0]
    return shares @ values
