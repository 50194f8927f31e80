"""Sentence BLEU of a candidate against its own source: how much of it is copied.

A copy of the source scores 1 (0.58 and less where it has fewer than four words, see
`bleu_sent_m4`). In a paraphrase less is better at equal quality, yet a text about something else
has least of all: `ibleu` weighs the two. So no direction is better here.

Source: Sun and Zhou, "Joint learning of a dual SMT system for paraphrase generation" (ACL 2012),
who set it against quality; some call it self-BLEU. Sentence BLEU as in `bleu_sent_m4`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from benchmark.metrics.bleu_sent_m4 import sentence_bleu
from benchmark.metrics.interface import Direction, Item, Scores
from benchmark.metrics.text import CasedTokenMetric


@dataclass(frozen=True, slots=True)
class SourceBleu(CasedTokenMetric):
    """Sentence BLEU, smoothing method 4, with the source as the only reference."""

    name = "source_bleu"
    title = "source BLEU"
    summary = "sentence BLEU of a candidate against its source: how much is copied"
    direction: ClassVar[Direction] = "none"
    facts = "tok:whitespace|smooth:method4|reference:source|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        values = sentence_bleu(
            [item.candidates for item in items], [[item.content] for item in items], self.reading
        )
        return Scores(values, self.signature)
