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
from benchmark.metrics.item_counts import count_items
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
        num_samples = len(items[0].candidates)
        if num_samples < 2:
            return Scores(np.full(len(items), np.nan), self.signature)
        counted = count_items(items, self.reading)
        counts = counted.orders[ORDER - 1]
        own = counts.text < counted.num_candidates
        first = np.unique(counts.gram[own], return_index=True)[1]
        distinct = np.bincount(counts.text[own][first] // num_samples, minlength=len(items))
        total = np.maximum(counted.candidate_lengths - (ORDER - 1), 0).sum(axis=1)
        return Scores(distinct / np.maximum(total, 1), self.signature)
