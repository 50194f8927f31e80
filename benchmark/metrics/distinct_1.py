"""distinct-1: distinct over total words of a whole corpus; `dist_1` is inside one candidate.

Candidate k of every source together is a corpus; the report's `expected` is the mean over k. It
falls when a system says the same to every source, which `dist_1` (inside one text) and the
set metrics (inside one source) cannot see. It also falls with the number of sources, so only
figures over equally many are comparable.

A number of kinds is no sum over sources, and resampling the texts would see fewer kinds in every
resample and put the interval below the score. So a kind that one text alone has counts there, and
all other kinds are spread evenly over the texts: the score is exact as a ratio of sums, and what
tells texts apart is what the corpus would lose without each of them, the jackknife. Its variance is
not too small on average (Efron and Stein): in simulations of 100 and 500 texts, of words by Zipf's
law with and without stock answers, an interval of 95 % covers the expected score over as many texts
in 92 to 99 % of cases.

Sources: Li et al., "A diversity-promoting objective function for neural conversation models" (arXiv
1510.03055); Efron and Stein, "The jackknife estimate of variance" (Annals of Statistics 9, 1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray, Item, Level, Scores
from benchmark.metrics.ngrams import Tokens, count_ngrams
from benchmark.metrics.text import CasedTokenMetric


@dataclass(frozen=True, slots=True)
class Distinct1(CasedTokenMetric):
    """Distinct over total words of one candidate of every source."""

    name = "distinct_1"
    title = "distinct-1"
    summary = "share of distinct words in a corpus of one candidate per source"
    level: ClassVar[Level] = "corpus"
    facts = "tok:whitespace|over:corpus|empty:0|version:2"
    order: ClassVar[int] = 1
    """Words of an n-gram."""

    def score(self, items: Sequence[Item]) -> Scores:
        """Statistics `(S, K, 2)`, their quotient, and the share inside a text `(S, K)`."""
        texts = [[self.split(text) for text in item.candidates] for item in items]

        def of_chosen(index: NDArray[np.int64]) -> FloatArray:
            picked = [row[k] for row, k in zip(texts, index, strict=True)]
            return _kinds_and_tokens(picked, np.zeros(len(picked), np.int64), self.order)

        shape = (len(items), len(items[0].candidates))
        flat = [text for row in texts for text in row]
        corpora = np.tile(np.arange(shape[1]), shape[0])
        alone = _kinds_and_tokens(flat, np.arange(len(flat)), self.order)
        return Scores(
            values=_ratio(alone).reshape(shape),
            signature=self.signature,
            statistics=_kinds_and_tokens(flat, corpora, self.order).reshape(*shape, 2),
            total=_ratio,
            of_chosen=of_chosen,
        )


def _kinds_and_tokens(
    texts: Sequence[Tokens], corpora: NDArray[np.int64], order: int
) -> FloatArray:
    """For every text its share of the kinds of n-grams of its corpus, and its n-grams: `(T, 2)`."""
    counts = next(islice(count_ngrams(texts, corpora), order - 1, None))
    spread = np.bincount(counts.gram, minlength=counts.num_grams)[counts.gram]
    alone = np.bincount(counts.text[spread == 1], minlength=len(texts))
    sizes = np.bincount(corpora)
    shared = np.bincount(corpora[counts.text], weights=(spread > 1) / spread, minlength=len(sizes))
    of_texts = alone + (np.rint(shared) / sizes)[corpora]
    tokens = np.bincount(counts.text, weights=counts.count, minlength=len(texts))
    return np.stack([of_texts, tokens], axis=-1)


def _ratio(sums: FloatArray) -> FloatArray:
    quotient: FloatArray = sums[..., 0] / np.maximum(sums[..., 1], 1.0)
    return quotient
