"""MAUVE: how closely the candidates are distributed like the references, 0 to 1.

References and candidates become sentence embeddings, these fall into buckets (principal components
that keep 90 % of the variance, then k-means over references and candidates together), and the two
histograms are compared by the area under their divergence curve, with scale 5. Candidate k of
every source together is a corpus. Given the buckets the score is a function of summed counts, so
intervals and tests are as for corpus BLEU; that the data chose the buckets is not in them.

It needs thousands of texts: with fewer than about a thousand sources it is noisy and too high for
everybody, and figures of different numbers of sources, encoders or buckets are not comparable.

Source: Pillutla et al., "MAUVE" (arXiv 2102.01454); that other embeddings do as well: Pillutla et
al., "MAUVE scores for generative models" (JMLR 2023).
Deviates: the package mauve-text takes the last state of GPT-2 large, where here it is the mean of
any encoder, and one bucket for ten texts without bound. With the same buckets the score is its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE, libraries
from benchmark.metrics.encoder import AUTO, check_encoder, describe, load_encoder
from benchmark.metrics.interface import (
    FloatArray,
    Item,
    Level,
    Option,
    Scores,
    count_references,
    sign,
)
from benchmark.metrics.text import CASE_OPTION, TextMetric, fold

SCALE = 5.0
WEIGHTS = 25
"""Mixtures of the two histograms: the points of the curve."""
VARIANCE = 0.9
SEED, STARTS, ROUNDS = 0, 3, 30
"""Of k-means: the best of several starts, each of this many rounds."""
MOST_BUCKETS = 50
"""Of `buckets=auto`: every source keeps its counts in the store."""


@dataclass(frozen=True, slots=True)
class Mauve(TextMetric):
    """MAUVE of one candidate of every source against the references."""

    name = "mauve"
    title = "MAUVE"
    summary = "likeness of the distributions of candidates and references in embeddings"
    level: ClassVar[Level] = "corpus"
    options: ClassVar[Mapping[str, Option]] = {
        **CASE_OPTION,
        "encoder": Option(AUTO),
        "buckets": Option("auto"),
        DEVICE: Option("cpu"),
    }

    encoder: str = AUTO
    """`auto`, a folder, or a hub id."""
    buckets: str = "auto"
    """`auto` is one for ten sources, from 2 to `MOST_BUCKETS`."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""

    def __post_init__(self) -> None:
        if self.buckets != "auto" and not (self.buckets.isdecimal() and int(self.buckets) >= 2):
            raise UserError(
                f"Metric 'mauve': option 'buckets' is {self.buckets!r}: use a whole number, at "
                "least 2."
            )
        check_encoder(self.encoder)

    @property
    def signature(self) -> str:
        """How many buckets `auto` gives joins it when the data are seen."""
        options = sign(self.name, case=self.case, encoder=describe(self.encoder))
        buckets = f"auto-{MOST_BUCKETS}" if self.buckets == "auto" else self.buckets
        used = libraries("transformers", "torch", "scipy")
        return f"{options}|pooling:mean|buckets:{buckets}|scale:{SCALE:g}|{used}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Statistics `(S, K, 2 buckets)`: a source's references and its candidate by bucket.

        The value of a candidate is the share of all references that are in its bucket.
        """
        encoder = load_encoder(self.encoder, None, self.device)
        signature = count_references(self.signature, items)
        texts = [fold(text, self.case) for i in items for text in (*i.references, *i.candidates)]
        vectors = encoder.embed(texts)
        auto = min(max(2, round(len(items) / 10)), MOST_BUCKETS)
        size = auto if self.buckets == "auto" else int(self.buckets)
        signature = signature.replace(f"buckets:auto-{MOST_BUCKETS}", f"buckets:{size}")
        labels = buckets_of(np.array([vectors[text] for text in texts], dtype=np.float64), size)

        num_samples = len(items[0].candidates)
        statistics = np.zeros((len(items), num_samples, 2 * size))
        start = 0
        for row, item in enumerate(items):
            middle = start + len(item.references)
            shares = np.bincount(labels[start:middle], minlength=size) / len(item.references)
            statistics[row, :, :size] = shares
            start = middle + num_samples
            statistics[row, np.arange(num_samples), size + labels[middle:start]] = 1.0
        people = statistics[:, 0, :size].mean(axis=0)
        values: FloatArray = statistics[..., size:] @ people
        return Scores(values, signature, statistics, mauve_from_counts)


def buckets_of(vectors: FloatArray, size: int) -> NDArray[np.int64]:
    """The bucket of every vector `(N, dim)`, by k-means among their principal components: `(N,)`.

    Equal vectors share a bucket; there are at most as many buckets as different vectors.
    """
    from scipy.cluster.vq import kmeans2, vq

    centred = vectors - vectors.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    kept = np.cumsum(variances[::-1]) < VARIANCE * variances.sum()
    points = centred @ axes[:, ::-1][:, : int(kept.sum()) + 1]
    size = min(size, len(np.unique(points, axis=0)))
    best, labels = np.inf, np.zeros(len(points), dtype=np.int64)
    for start in range(STARTS):
        rng = np.random.default_rng([SEED, start])
        with warnings.catch_warnings():
            # A bucket that ends empty is an empty bucket.
            warnings.filterwarnings("ignore", message="One of the clusters is empty")
            centres, _ = kmeans2(points, size, iter=ROUNDS, minit="++", rng=rng)
        found, distances = vq(points, centres)
        spread = float((distances**2).sum())
        if spread < best:
            best, labels = spread, found.astype(np.int64)
    return labels


def mauve_from_counts(sums: FloatArray) -> FloatArray:
    """MAUVE of two histograms side by side, `(..., 2 buckets)`: `(...)`."""
    size = sums.shape[-1] // 2
    p, q = (
        part / part.sum(axis=-1, keepdims=True) for part in (sums[..., :size], sums[..., size:])
    )
    nothing, all_ = np.zeros(p.shape[:-1]), np.ones(p.shape[:-1])
    curve = [(all_, nothing)]
    for weight in np.linspace(1e-6, 1 - 1e-6, WEIGHTS):
        mixture = weight * p + (1 - weight) * q
        curve.append((np.exp(-SCALE * _kl(q, mixture)), np.exp(-SCALE * _kl(p, mixture))))
    curve.append((nothing, all_))
    x, y = (np.stack(axis, axis=-1) for axis in zip(*curve, strict=True))
    # The curve falls from (1, 0) to (0, 1): the mean of its areas over the two axes.
    below = np.trapezoid(y[..., ::-1], x[..., ::-1], axis=-1)
    beside = np.trapezoid(x, y, axis=-1)
    area: FloatArray = (below + beside) / 2
    return area


def _kl(of: FloatArray, from_: FloatArray) -> FloatArray:
    there = of > 0
    ratio = np.where(there, of, 1.0) / np.where(there, from_, 1.0)
    divergence: FloatArray = (of * np.log(ratio)).sum(axis=-1)
    return divergence
