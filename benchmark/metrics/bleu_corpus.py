"""Corpus BLEU as sacreBLEU defines it: 13a tokens, exponential smoothing, scale 0 to 100.

Candidate k of every source together is a corpus; the report's `expected` is the mean over k.
The statistics are sacreBLEU's own ten numbers (hypothesis length, closest reference length,
matches and totals of four orders), so the bootstrap over sources is exact. The best candidate
of a source is the one with the largest sacreBLEU sentence BLEU (`eff:yes`).

Source: Post, "A call for clarity in reporting BLEU scores" (WMT 2018); sacreBLEU 2.6.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import FloatArray, Item, Level, Scores, count_references, sign
from benchmark.metrics.ngrams import MAX_ORDER, count_texts, match_references
from benchmark.metrics.text import CasedTokenMetric
from benchmark.metrics.tokeniser_13a import Tokeniser13a

STATISTICS = 2 + 2 * MAX_ORDER


@dataclass(frozen=True, slots=True)
class BleuCorpus(CasedTokenMetric):
    """Corpus BLEU of sacreBLEU, 0 to 100."""

    name = "bleu_corpus"
    title = "BLEU (corpus)"
    summary = "corpus BLEU of sacreBLEU, 0 to 100"
    level: ClassVar[Level] = "corpus"
    high = 100.0

    @property
    def signature(self) -> str:
        """As sacreBLEU writes it; `nrefs` joins it when the data are seen."""
        case = "lc" if self.case == "lower" else "mixed"
        names = {"words": "13a", "characters": "char"}
        tok = names.get(self.counted) or self.signed_unit
        fixed = f"eff:no|tok:{tok}|smooth:exp|version:{version('sacrebleu')}"
        return f"{sign(self.name, case=case)}|{fixed}"

    def score(self, items: Sequence[Item]) -> Scores:
        """Statistics `(S, K, 10)`, their total on the scale 0 to 100, sentence BLEU `(S, K)`."""
        signature = count_references(self.signature, items)
        tokenise = Tokeniser13a(self.case) if self.counted == "words" else self.reading
        counted = count_texts(
            [item.candidates for item in items], [item.references for item in items], tokenise
        )
        found = match_references(counted)
        lengths = np.stack([found.hyp_len, found.ref_len], axis=-1)
        statistics = np.concatenate([lengths, found.matches, found.totals], axis=-1)
        return Scores(
            values=bleu_from_statistics(statistics, effective_order=True),
            signature=signature,
            statistics=statistics,
            total=bleu_from_statistics,
        )


def bleu_from_statistics(statistics: FloatArray, *, effective_order: bool = False) -> FloatArray:
    """Score of sacreBLEU (exponential smoothing) of `(..., 10)` summed statistics: `(...)`.

    Args:
        statistics: hypothesis and reference length, matches of orders 1 to 4, totals of them.
        effective_order: leave out orders for which the hypothesis is too short, as sacreBLEU's
            sentence BLEU does; without it they make the score 0.
    """
    hyp_len, ref_len = statistics[..., 0], statistics[..., 1]
    matches = statistics[..., 2 : 2 + MAX_ORDER]
    totals = statistics[..., 2 + MAX_ORDER :]
    possible, unmatched = totals > 0, matches == 0
    smoothed = 2.0 ** -np.cumsum(unmatched & possible, axis=-1)
    log_precision = np.log(np.where(unmatched, smoothed, matches) / np.maximum(totals, 1.0))
    if effective_order:
        orders = np.maximum(possible.sum(axis=-1), 1)
        mean_log = np.where(possible, log_precision, 0.0).sum(axis=-1) / orders
    else:
        mean_log = np.where(possible.all(axis=-1), log_precision.mean(axis=-1), -np.inf)
    brevity = np.minimum(1.0 - ref_len / np.maximum(hyp_len, 1.0), 0.0)
    bleu: FloatArray = np.where(unmatched.all(axis=-1), 0.0, 100.0 * np.exp(brevity + mean_log))
    return bleu
