"""Sentence BLEU with smoothing method 4: the BLEU of DiffuSeq's tables.

The mean over sentences of NLTK's `sentence_bleu(references, hypothesis,
smoothing_function=SmoothingFunction().method4)` on whitespace tokens, four orders, equal
weights. Not comparable with corpus BLEU (`bleu_corpus`): on the same strings the two differ by
five points and more.

Quirks of the definition, kept: a sentence of two tokens scores 0.22 against itself, one of
three 0.46, because the orders that it is too short for are smoothed and not skipped; one token
scores 1 against itself.

Source: smoothing 4 of Chen and Cherry, "A systematic comparison of smoothing techniques for
sentence-level BLEU" (WMT 2014), as coded in NLTK 3.10.4.
Deviates: the first release of DiffuSeq passed hypothesis and reference the wrong way round, and
so did code that descends from it; here the hypothesis is the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from benchmark.metrics.interface import (
    Conditional,
    Direction,
    FloatArray,
    Item,
    Level,
    Option,
    Scores,
    count_references,
    metric_id,
    sign,
)
from benchmark.metrics.ngrams import MAX_ORDER, clip_pairs, clip_to_references, count_ngrams
from benchmark.metrics.text import CASE_OPTION, Case, case_of, words

K = 5.0
"""NLTK's default for the constant that Chen and Cherry call K."""


@dataclass(frozen=True, slots=True)
class BleuSentM4:
    """Sentence BLEU, NLTK's smoothing method 4; a candidate against all references."""

    name: ClassVar[str] = "bleu_sent_m4"
    title: ClassVar[str] = "BLEU (sent)"
    summary: ClassVar[str] = "sentence BLEU, NLTK smoothing method 4, the scale of DiffuSeq"
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "higher"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    unit: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = CASE_OPTION
    controlled: ClassVar[bool] = False

    case: Case = "mixed"

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`."""
        return cls(case_of(options))

    @property
    def id(self) -> str:
        """See `Metric.id`."""
        return metric_id(self.name, self.options, {"case": self.case})

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return sign(
            self.name,
            case=self.case,
            tok="whitespace",
            smooth="method4",
            order=str(MAX_ORDER),
            equals="nltk-3.10.4",
            version="1",
        )

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        signature = count_references(self.signature, items)
        matches, totals, hyp_len, ref_len = [], [], [], []
        for item in items:
            num_refs = len(item.references)
            texts = (*item.references, *item.candidates)
            table = count_ngrams([words(text, self.case) for text in texts])
            matches.append(
                np.stack(
                    [clip_to_references(c[num_refs:], c[:num_refs]) for c in table.counts], axis=-1
                )
            )
            totals.append(table.totals(slice(num_refs, None)))
            hyp_len.append(table.lengths[num_refs:])
            ref_len.append(closest_lengths(table.lengths[num_refs:], table.lengths[:num_refs]))
        values = method4(
            np.array(matches),
            np.array(totals),
            np.array(hyp_len, dtype=np.float64),
            np.array(ref_len, dtype=np.float64),
        )
        return Scores(values, signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`: candidate i as hypothesis, candidate j as reference."""
        return pair_bleu([item.candidates for item in items], self.case)


def pair_bleu(sets: Sequence[Sequence[str]], case: Case) -> FloatArray:
    """Sentence BLEU of every text of a set against every other as its only reference.

    Args:
        sets: S sets of K texts.
        case: `mixed` or `lower`.

    Returns:
        `(S, K, K)`; row i is the hypothesis, column j the reference.
    """
    matches, totals, lengths = [], [], []
    for texts in sets:
        table = count_ngrams([words(text, case) for text in texts])
        matches.append(np.stack([clip_pairs(counts) for counts in table.counts], axis=-1))
        totals.append(table.totals(slice(None)))
        lengths.append(table.lengths)
    length = np.array(lengths, dtype=np.float64)  # (S, K)
    return method4(
        np.array(matches), np.array(totals)[:, :, None], length[:, :, None], length[:, None, :]
    )


def method4(
    matches: FloatArray, totals: FloatArray, hyp_len: FloatArray, ref_len: FloatArray
) -> FloatArray:
    """BLEU from counts, smoothed by method 4; arguments broadcast.

    Args:
        matches: clipped matches `(..., 4)`.
        totals: n-grams of the hypothesis `(..., 4)`.
        hyp_len: tokens of the hypothesis `(...)`.
        ref_len: tokens of the closest reference `(...)`.

    Returns:
        `(...)` in [0, 1]; 0 where no token matches.
    """
    length = hyp_len[..., None]
    unmatched = matches == 0
    # The n-th order without a match counts as log(length) / (2^n K) matches.
    smoothed = np.log(np.maximum(length, 2.0)) / (2.0 ** np.cumsum(unmatched, axis=-1) * K)
    log_precision = np.log(np.where(unmatched, smoothed, matches) / np.maximum(totals, 1.0))
    # NLTK does not smooth one-token hypotheses, and leaves out orders of precision 0.
    log_precision = np.where(unmatched & (length < 2), 0.0, log_precision)
    shortfall = np.minimum(1.0 - ref_len / np.maximum(hyp_len, 1.0), 0.0)
    bleu = np.exp(shortfall + log_precision.mean(axis=-1))
    return np.where(unmatched[..., 0], 0.0, bleu)


def closest_lengths(hyp_len: np.ndarray, ref_len: np.ndarray) -> np.ndarray:
    """For every hypothesis length `(H,)` the nearest reference length; ties go to the shorter."""
    ordered = np.sort(ref_len)
    nearest: np.ndarray = ordered[np.abs(ordered - hyp_len[:, None]).argmin(axis=1)]
    return nearest
