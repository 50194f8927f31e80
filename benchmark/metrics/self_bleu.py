"""Self-BLEU of a candidate set: how much the candidates of one source repeat each other.

`form=symmetric` (default) is the mean of sentence BLEU (smoothing 4) over all ordered pairs
i != j, where two equal texts count as 1. Sentence BLEU is not symmetric: the brevity penalty falls
on the shorter of the two. And it smooths the orders that a text is too short for, so a text of two
words has 0.22 against itself, and five times the same would pass for a diversity of 0.78.
`form=published` is DiffuSeq's: the mean over i < j with candidate i as hypothesis and j as
reference, equal texts as BLEU has them. It changes when the candidates are put in another order.

Self-BLEU grows with nothing but repetition, yet falls for noise: read it beside quality. Three
equal outputs of a deterministic system score 1 and are not three samples. Equal are texts of the
same tokens, two empty ones among them.

Source: Zhu et al., "Texygen" (arXiv 1802.01886); the pairwise form of DiffuSeq (arXiv
2210.08933, section 4.1).
Deviates: equal texts count as 1 unless `form=published`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.bleu_sent_m4 import pair_bleu
from benchmark.metrics.interface import Direction, Item, Level, Option, Scores, sign
from benchmark.metrics.text import PIECES_OPTION, TOKEN_OPTIONS, CasedTokenMetric

Form = Literal["symmetric", "published"]


@dataclass(frozen=True, slots=True)
class SelfBleu(CasedTokenMetric):
    """Mean pairwise sentence BLEU of the candidates of a source; lower is more diverse."""

    name = "self_bleu"
    title = "self-BLEU"
    summary = "mean sentence BLEU between the candidates of a source"
    level: ClassVar[Level] = "set"
    direction: ClassVar[Direction] = "lower"
    options: ClassVar[Mapping[str, Option]] = {
        **TOKEN_OPTIONS,
        "form": Option("symmetric", ("symmetric", "published")),
        **PIECES_OPTION,
    }

    form: Form = "symmetric"

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        pairs = "i!=j|equal:1|version:2" if self.form == "symmetric" else "i<j|version:1"
        facts = f"tok:whitespace|smooth:method4|pairs:{pairs}"
        named = {key: of for key, of in self.signed_options.items() if key != "form"}
        return f"{sign(self.name, **named)}|{self.signed(facts)}"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)`, NaN with fewer than two candidates."""
        num_samples = len(items[0].candidates)
        if num_samples < 2:
            return Scores(np.full(len(items), np.nan), self.signature)
        pairs = np.triu_indices(num_samples, 1)
        split = self.reading
        bleu = pair_bleu(items, split)
        upper = bleu[:, pairs[0], pairs[1]]
        if self.form == "published":
            return Scores(upper.mean(axis=1), self.signature)
        both = (upper + bleu[:, pairs[1], pairs[0]]) / 2
        numbers = _number_texts([[tuple(split(t)) for t in i.candidates] for i in items])
        equal = numbers[:, pairs[0]] == numbers[:, pairs[1]]
        return Scores(np.where(equal, 1.0, both).mean(axis=1), self.signature)


def _number_texts(sets: Sequence[Sequence[tuple[str, ...]]]) -> NDArray[np.int64]:
    """Numbers of the texts of each set, equal ones for equal texts: `(S, K)`."""
    numbers = [{text: number for number, text in enumerate(texts)} for texts in sets]
    return np.array(
        [[known[text] for text in texts] for known, texts in zip(numbers, sets, strict=True)]
    )
