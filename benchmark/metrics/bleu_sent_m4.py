"""Sentence BLEU with smoothing method 4: the BLEU of DiffuSeq's tables.

The mean over sentences of NLTK's `sentence_bleu(references, hypothesis,
smoothing_function=SmoothingFunction().method4)` on whitespace tokens, four orders, equal
weights. Not comparable with corpus BLEU (`bleu_corpus`): on the same strings the two differ by
five points and more.

Quirks of the definition, kept: a sentence of two tokens scores 0.22 against itself, one of
three 0.58, because the orders that it is too short for are smoothed and not skipped; one token
scores 1 against itself.

Source: smoothing 4 of Chen and Cherry, "A systematic comparison of smoothing techniques for
sentence-level BLEU" (WMT 2014), as coded in NLTK 3.10.4.
Deviates: the first release of DiffuSeq passed hypothesis and reference the wrong way round, and
so did code that descends from it; here the hypothesis is the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import FloatArray, Item, Option, Scores, count_references
from benchmark.metrics.item_counts import count_items
from benchmark.metrics.ngrams import (
    MAX_ORDER,
    Matches,
    Split,
    count_texts,
    match_pairs,
    match_references,
)
from benchmark.metrics.sharing import shared_by_metrics
from benchmark.metrics.text import PIECES_OPTION, TOKEN_OPTIONS, CasedTokenMetric

K = 5.0
"""NLTK's default for the constant that Chen and Cherry call K."""
_DIVISORS = 2.0 ** np.arange(MAX_ORDER + 1) * K


@dataclass(frozen=True, slots=True)
class BleuSentM4(CasedTokenMetric):
    """Sentence BLEU, NLTK's smoothing method 4; a candidate against all references."""

    name = "bleu_sent_m4"
    title = "BLEU (sent)"
    summary = "sentence BLEU, NLTK smoothing method 4, the scale of DiffuSeq"
    options: ClassVar[Mapping[str, Option]] = {**TOKEN_OPTIONS, **PIECES_OPTION}
    facts = f"tok:whitespace|smooth:method4|order:{MAX_ORDER}|equals:nltk-3.10.4|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        signature = count_references(self.signature, items)
        return Scores(reference_bleu(items, self.reading), signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`: candidate i as hypothesis, candidate j as reference."""
        return pair_bleu(items, self.reading)


def sentence_bleu(
    candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]], split: Split
) -> FloatArray:
    """Sentence BLEU of every candidate against all references of its source: `(S, K)`.

    Args:
        candidates: S sets of K texts.
        references: S sets of one or more texts.
        split: gives the tokens of a text.
    """
    return method4(match_references(count_texts(candidates, references, split)))


def reference_bleu(items: Sequence[Item], split: Split) -> FloatArray:
    """Sentence BLEU `(S, K)` of every candidate against the references of its source.

    Args:
        items: S sources with K candidates.
        split: gives the tokens of a text.
    """
    return method4(match_references(count_items(items, split)))


@shared_by_metrics
def pair_bleu(items: Sequence[Item], split: Split) -> FloatArray:
    """Sentence BLEU of every candidate of a source against every other as its only reference.

    Args:
        items: S sources with K candidates.
        split: gives the tokens of a text.

    Returns:
        `(S, K, K)`, for reading only; row i is the hypothesis, column j the reference.
    """
    values = method4(match_pairs(count_items(items, split)))
    values.setflags(write=False)
    return values


def method4(found: Matches) -> FloatArray:
    """BLEU of hypotheses `(...)` from their matches, smoothed by method 4: `(...)` in [0, 1]."""
    length = found.hyp_len[..., None]
    unmatched = found.matches == 0
    # The n-th order without a match counts as log(length) / (2^n K) matches.
    smoothed = np.log(np.maximum(length, 2.0)) / _DIVISORS[np.cumsum(unmatched, axis=-1)]
    precision = np.where(unmatched, smoothed, found.matches) / np.maximum(found.totals, 1.0)
    # NLTK does not smooth one-token hypotheses, and leaves out orders of precision 0.
    log_precision = np.where(unmatched & (length < 2), 0.0, np.log(precision))
    shortfall = np.minimum(1.0 - found.ref_len / np.maximum(found.hyp_len, 1.0), 0.0)
    bleu = np.exp(shortfall + log_precision.mean(axis=-1))
    return np.where(unmatched[..., 0], 0.0, bleu)
