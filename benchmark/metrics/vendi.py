"""Vendi score: how many different candidates a source effectively has, from 1 to K.

The exponential of the entropy of the eigenvalues of the similarity matrix over K: k equal
candidates score 1, k that share nothing score k. Similarity is given by a kernel:

`kernel=ngram` (default): mean over words and pairs of words of the cosine of their counts, on
whitespace tokens; needs nothing else. `kernel=encoder`: cosine of sentence embeddings, the mean of
the last hidden states of an encoder over its tokens, which sees through other words of the same
sense; `encoder=auto` is the one of the extra `bertscore`. Values of different kernels are not
comparable, and as for all diversity: noise scores high.

Source: Friedman and Dieng, "The Vendi score" (TMLR 2023, arXiv 2210.02410); the n-gram kernel is
that of its experiments with text, here with orders 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError
from benchmark.metrics.declaration import libraries
from benchmark.metrics.encoder import AUTO, ENCODER_OPTIONS, check_encoder, describe, load_encoder
from benchmark.metrics.interface import (
    FloatArray,
    Item,
    Level,
    Option,
    Scores,
    sign,
)
from benchmark.metrics.ngrams import Tokens, count_ngrams
from benchmark.metrics.text import TOKEN_OPTIONS, CasedTokenMetric, fold

Kernel = Literal["ngram", "encoder"]

ORDERS = 2
"""Orders of the n-gram kernel: words and pairs of words."""


@dataclass(frozen=True, slots=True)
class Vendi(CasedTokenMetric):
    """Effective number of different candidates of a source."""

    name = "vendi"
    title = "Vendi"
    summary = "effective number of different candidates of a source"
    level: ClassVar[Level] = "set"
    low = 1.0
    high = float("inf")
    options: ClassVar[Mapping[str, Option]] = {
        **TOKEN_OPTIONS,
        "kernel": Option("ngram", ("ngram", "encoder")),
        **ENCODER_OPTIONS,
    }

    kernel: Kernel = "ngram"
    encoder: str = AUTO
    """`auto`, a folder, or a hub id; for `kernel=encoder`."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""

    def __post_init__(self) -> None:
        if self.kernel == "encoder":
            check_encoder(self.encoder)
        elif self.encoder != AUTO:
            raise UserError("Metric 'vendi': to use option 'encoder', say kernel=encoder too.")

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        options = sign(self.name, case=self.case, kernel=self.kernel)
        if self.kernel == "ngram":
            return f"{options}|{self.signed(f'tok:whitespace|order:1-{ORDERS}|version:1')}"
        used = libraries("transformers", "torch")
        return f"{options}|encoder:{describe(self.encoder)}|pooling:mean|{used}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)` from 1 to K, NaN with fewer than two candidates."""
        if len(items[0].candidates) < 2:
            return Scores(np.full(len(items), np.nan), self.signature)
        if self.kernel == "ngram":
            kernel = ngram_kernel(
                [[self.split(text) for text in item.candidates] for item in items]
            )
        else:
            kernel = self._embedded(items)
        return Scores(vendi_score(kernel), self.signature)

    def _embedded(self, items: Sequence[Item]) -> FloatArray:
        encoder = load_encoder(self.encoder, None, self.device)
        texts = [[fold(text, self.case) for text in item.candidates] for item in items]
        vectors = encoder.embed([text for row in texts for text in row])
        stacked = np.array([[vectors[text] for text in row] for row in texts], dtype=np.float64)
        lengths = np.linalg.norm(stacked, axis=-1, keepdims=True)
        stacked /= np.where(lengths > 0, lengths, 1.0)
        return _alike(stacked @ stacked.swapaxes(1, 2), lengths[..., 0] == 0)


def vendi_score(kernel: FloatArray) -> FloatArray:
    """Vendi scores `(...)` of similarity matrices `(..., K, K)` with ones on the diagonal."""
    shares = np.linalg.eigvalsh(kernel / kernel.shape[-1])
    # Rounding can leave a share of nothing a little below 0, where x log x has no value.
    positive = np.where(shares > 0, shares, 1.0)
    score: FloatArray = np.exp(-(positive * np.log(positive)).sum(axis=-1))
    return score


def ngram_kernel(sets: Sequence[Sequence[Tokens]]) -> FloatArray:
    """Mean over the orders of the cosines of n-gram counts within each set: `(S, K, K)`.

    A text too short for an order is like every other such text and unlike all longer ones.

    Args:
        sets: S sets of K tokenised texts.
    """
    from scipy.sparse import csr_array

    num_samples = len(sets[0])
    texts = [text for texts in sets for text in texts]
    groups = np.repeat(np.arange(len(sets)), num_samples)
    kernel = np.zeros((len(sets), num_samples, num_samples))
    for counts in islice(count_ngrams(texts, groups), ORDERS):
        norms = np.sqrt(np.bincount(counts.text, weights=counts.count**2, minlength=len(texts)))
        table = csr_array(
            (counts.count / norms[counts.text], (counts.text, counts.gram)),
            shape=(len(texts), counts.num_grams),
        )
        cosines = (table @ table.T).tocoo()
        row, column = cosines.coords
        kernel[row // num_samples, row % num_samples, column % num_samples] += cosines.data
        kernel = _alike(kernel, (norms == 0).reshape(len(sets), num_samples))
    return kernel / ORDERS


def _alike(kernel: FloatArray, empty: NDArray[np.bool_]) -> FloatArray:
    """The kernel with one more where both texts are `empty` `(S, K)`: vectors of length 0."""
    return kernel + (empty[:, :, None] & empty[:, None, :])
