"""The texts of items as vectors of whole texts, read once for all metrics that compare meanings.

The metrics of one scoring ask for the same texts, so the last answer is kept. It is kept whole or
not at all: what a network gives for a text may depend in its last digits on the texts beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.encoder import load_encoder
from benchmark.metrics.interface import FloatArray, Item
from benchmark.metrics.text import Case, fold

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """Unit vectors of one item; an empty text is a vector of zeros, unlike every text."""

    source: Vectors
    """`(dim,)`"""
    references: Vectors
    """`(R, dim)`"""
    candidates: Vectors
    """`(K, dim)`"""

    def to_references(self) -> FloatArray:
        """Cosine of every candidate with its nearest reference: `(K,)`; -1 to 1."""
        return _cosines(self.candidates, self.references).max(axis=1)

    def to_source(self) -> FloatArray:
        """Cosine of every candidate with the source: `(K,)`; -1 to 1."""
        return _cosines(self.candidates, self.source[None])[:, 0]

    def among_candidates(self) -> FloatArray:
        """Cosines of the candidates with each other: `(K, K)`; equal texts have exactly 1."""
        found = _cosines(self.candidates, self.candidates)
        same = (self.candidates[:, None] == self.candidates[None]).all(axis=-1)
        return np.where(same, 1.0, found)


def embed_items(
    items: Sequence[Item], *, encoder: str, device: str, case: Case = "mixed"
) -> list[ItemVectors]:
    """The vectors of every item.

    Args:
        items: what to read.
        encoder: `auto`, a folder, or a hub id; see `benchmark.metrics.encoder`.
        device: where it runs.
        case: whether texts are lower-cased first.

    Raises:
        UserError: if the encoder cannot be loaded.
    """
    texts = tuple(
        fold(text, case) for i in items for text in (i.content, *i.references, *i.candidates)
    )
    vectors = _embed(encoder, device, texts)
    found = []
    start = 0
    for item in items:
        middle = start + 1 + len(item.references)
        stop = middle + len(item.candidates)
        rows = np.stack([vectors[text] for text in texts[start:stop]])
        split = middle - start
        found.append(ItemVectors(rows[0], rows[1:split], rows[split:]))
        start = stop
    return found


@functools.lru_cache(maxsize=1)
def _embed(encoder: str, device: str, texts: tuple[str, ...]) -> Mapping[str, Vectors]:
    found = load_encoder(encoder, None, device).embed(texts)
    return {
        text: vector if text.strip() else np.zeros_like(vector) for text, vector in found.items()
    }


def _cosines(one: Vectors, other: Vectors) -> FloatArray:
    cosines = one.astype(np.float64) @ other.astype(np.float64).T
    return np.clip(cosines, -1.0, 1.0)
