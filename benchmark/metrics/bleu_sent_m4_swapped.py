"""Sentence BLEU with hypothesis and reference swapped, as in DiffuSeq's first release.

The reference is scored against the candidate. Where the two have equally many words the number is
that of `bleu_sent_m4`. A candidate that is too short loses precision instead of paying the
brevity penalty, which falls on one that is too long. Use it beside tables made by that release,
or by code that descends from it, and for nothing else.

Source: `get_bleu` of github.com/Shark-NLP/DiffuSeq, scripts/eval_seq2seq.py, from commit 8bfafcb
(2022-11-21) until e44113d (2023-02-14), which fixed it.
Deviates: the script knew one reference; of several the mean is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.metrics.bleu_sent_m4 import BleuSentM4, pair_bleu, sentence_bleu
from benchmark.metrics.interface import FloatArray, Item, Scores, count_references
from benchmark.metrics.ngrams import MAX_ORDER


@dataclass(frozen=True, slots=True)
class BleuSentM4Swapped(BleuSentM4):
    """Sentence BLEU, smoothing method 4, of the references against a candidate."""

    name = "bleu_sent_m4_swapped"
    title = "BLEU (swapped)"
    summary = "sentence BLEU with its arguments swapped, as DiffuSeq's first release"
    facts = (
        f"tok:whitespace|smooth:method4|order:{MAX_ORDER}|hypothesis:reference|multiref:mean"
        "|equals:nltk-3.10.4|version:1"
    )

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        signature = count_references(self.signature, items)
        # A group for every pair: the candidate is the reference of its reference.
        pairs = [(text, wanted) for i in items for text in i.candidates for wanted in i.references]
        bleu = sentence_bleu(
            [[wanted] for _, wanted in pairs], [[t] for t, _ in pairs], self.reading
        )
        ends = np.cumsum([len(i.references) for i in items for _ in i.candidates])
        means = [part.mean() for part in np.split(bleu[:, 0], ends[:-1])]
        return Scores(np.array(means).reshape(len(items), -1), signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`: candidate j as hypothesis, candidate i as reference."""
        return pair_bleu(items, self.reading).swapaxes(1, 2)
