"""div-4: the share of distinct 4-grams in a candidate set.

Unique over total 4-grams, both over all candidates of a source together; 0 where no candidate
has four tokens, as in DiffuSeq's script, so a task of very short texts is not measured well by
it. The floor is 1/K, reached by K equal candidates.

Source: DiffuSeq (arXiv 2210.08933, section 4.1), after Deshpande et al. (arXiv 1805.12589).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.interface import Item, Level, Option, Scores
from benchmark.metrics.text import PIECES_OPTION, TOKEN_OPTIONS, CasedTokenMetric

ORDER = 4


@dataclass(frozen=True, slots=True)
class Div4(CasedTokenMetric):
    """Unique over total 4-grams of the candidates of a source; higher is more diverse."""

    name = "div_4"
    title = "div-4"
    summary = "share of distinct 4-grams among the candidates of a source"
    level: ClassVar[Level] = "set"
    options: ClassVar[Mapping[str, Option]] = {**TOKEN_OPTIONS, **PIECES_OPTION}
    facts = f"tok:whitespace|order:{ORDER}|empty:0|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)`, NaN with fewer than two candidates."""
        split = self.splitter()
        values = [_distinct([split(text) for text in item.candidates]) for item in items]
        return Scores(np.array(values), self.signature)


def _distinct(texts: Sequence[list[str]]) -> float:
    if len(texts) < 2:
        return float("nan")
    grams: list[tuple[str, ...]] = []
    for tokens in texts:
        grams += zip(*(tokens[start:] for start in range(ORDER)), strict=False)
    return len(set(grams)) / len(grams) if grams else 0.0
