"""Figures of the likelihoods of test targets.

Likelihoods belong to a trained system, not to a setting: a target has the probability that the
system itself gives it, at temperature 1. Two figures come from the values of each target: nats per
reference word and end, over all targets together, and on tasks whose distribution is known the gap,
the nats per target that a system spends beyond the truth. For exact likelihoods the gap is an
estimate of the divergence of the system from the task, 0 for the task itself.

What is compared must be of one kind: a lower bound shows a system from one side alone, and a
pseudo-likelihood is no probability. Targets that a system cannot write have none; they are left out
of its figures and counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.records.schema import LikelihoodValues
from benchmark.scoring.bootstrap import AdditiveScore, mean_of, ratio

PER_WORD, GAP = "nats_per_word", "gap"
"""The figures: -log p over words and ends, and what a target costs beyond its true -log p."""


def statistics(rows: Sequence[LikelihoodValues]) -> dict[str, AdditiveScore]:
    """The figures as what every target adds; the gap only where the truth is known."""
    nats, words, truth = (
        np.array([getattr(row, name) for row in rows], dtype=np.float64)
        for name in ("nats", "words", "true_nats")
    )
    known = np.isfinite(nats)
    spent = np.stack([np.where(known, -nats, 0.0), np.where(known, words + 1, 0.0)], axis=-1)
    found = {PER_WORD: AdditiveScore(spent, ratio)}
    if np.isfinite(truth).any():
        found[GAP] = mean_of(truth - nats)
    return found
