"""iBLEU: likeness to the references less likeness to the source.

alpha BLEU(candidate, references) - (1 - alpha) BLEU(candidate, source), with the sentence BLEU of
`bleu_sent_m4`. The value of a copy falls with its likeness to itself, so a system cannot win by
copying where references and sources share words. The mean over sources is alpha times
`bleu_sent_m4` less (1 - alpha) times `source_bleu`.

Source: Sun and Zhou, "Joint learning of a dual SMT system for paraphrase generation" (ACL 2012);
0.8 is the usual alpha.
Deviates: they take corpus BLEU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, cast

from benchmark.metrics.bleu_sent_m4 import reference_bleu, sentence_bleu
from benchmark.metrics.declaration import number
from benchmark.metrics.interface import Conditional, Item, Option, Scores, count_references
from benchmark.metrics.text import TOKEN_OPTIONS, Case, CasedTokenMetric, Tokens


@dataclass(frozen=True, slots=True)
class IBleu(CasedTokenMetric):
    """Sentence BLEU against the references, less that against the source."""

    name = "ibleu"
    title = "iBLEU"
    summary = "sentence BLEU less that against the source, weighed by alpha"
    low = -1.0
    options: ClassVar[Mapping[str, Option]] = {**TOKEN_OPTIONS, "alpha": Option("0.8")}
    facts = "tok:whitespace|smooth:method4|version:1"

    alpha: float = 0.8
    """Weight of the references, from 0 to 1."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: if `alpha` is not a number from 0 to 1.
        """
        alpha = number(cls.name, "alpha", options["alpha"], low=0.0, high=1.0)
        return cls(cast("Case", options["case"]), alpha, tokens=cast("Tokens", options["tokens"]))

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [alpha - 1, alpha]."""
        signature = count_references(self.signature, items)
        candidates = [item.candidates for item in items]
        quality = reference_bleu(items, self.reading)
        copied = sentence_bleu(candidates, [[item.content] for item in items], self.reading)
        return Scores(self.alpha * quality - (1 - self.alpha) * copied, signature)
