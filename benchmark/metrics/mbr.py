"""Minimum Bayes risk: the candidate that the other candidates agree with most.

For every source the candidate with the largest summed utility against the others, one at a
time: the candidate is the hypothesis, the other the only reference; a candidate is not compared
with itself, but is with another of the same text. Totals that differ by less than `TIE` are
equal, and of equals the first is taken, so rounding cannot decide. Every system gets the same
treatment with the same number of candidates.

Source: Kumar and Byrne, "Minimum Bayes-risk decoding for statistical machine translation" (NAACL
2004); selection as in DiffuSeq (arXiv 2210.08933), which used it for its own row alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray

TIE = 1e-9


def choose(pairs: FloatArray) -> NDArray[np.int64]:
    """Index of the chosen candidate of every source.

    Args:
        pairs: utilities `(S, K, K)`; `[s, i, j]` is candidate i as hypothesis, j as reference.

    Returns:
        `(S,)` indices; 0 where there is one candidate.
    """
    num_samples = pairs.shape[-1]
    others = np.where(np.eye(num_samples, dtype=bool), 0.0, pairs)
    totals = others.sum(axis=-1)
    best = totals.max(axis=-1, keepdims=True)
    return (totals >= best - TIE).argmax(axis=-1)
