"""Likeness in meaning to the reference: the cosine of sentence embeddings, best reference.

A candidate in other words than the reference loses nothing here that it would lose in BLEU. The
encoder was trained to bring texts of one meaning together, and hardly sees the order of words: a
scrambled text scores almost what the text scores, and so does one with a name or a number
exchanged. So it says whether the meaning is about right, not whether the sentence is. An empty
candidate scores 0. Values of different encoders are not comparable, and those of different tasks
are not either: a right answer in a dialogue need not be like the reference.

Source: Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084); the encoder `auto` is
all-MiniLM-L6-v2, of Wang et al., "MiniLM" (arXiv 2002.10957), which reads English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.declaration import libraries
from benchmark.metrics.encoder import AUTO, ENCODER_OPTIONS, check_encoder, describe
from benchmark.metrics.interface import (
    FloatArray,
    Item,
    Option,
    Scores,
    count_references,
    sign,
)
from benchmark.metrics.sentence_vectors import ItemVectors, embed_items
from benchmark.metrics.text import CASE_OPTION, TextMetric


@dataclass(frozen=True, slots=True)
class SemanticSimilarity(TextMetric):
    """Cosine of a candidate and its nearest reference in sentence embeddings."""

    name = "semantic_similarity"
    title = "similarity"
    summary = "cosine of sentence embeddings with the nearest reference"
    low = -1.0
    options: ClassVar[Mapping[str, Option]] = {
        **CASE_OPTION,
        **ENCODER_OPTIONS,
    }

    encoder: str = AUTO
    """`auto`, a folder, or a hub id."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""

    def __post_init__(self) -> None:
        check_encoder(self.encoder)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        options = sign(self.name, case=self.case, encoder=describe(self.encoder))
        used = libraries("transformers", "torch")
        return f"{options}|pooling:mean|multiref:best|{used}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [-1, 1].

        Raises:
            UserError: if the encoder cannot be loaded.
        """
        signature = count_references(self.signature, items)
        return Scores(np.array([v.to_references() for v in self._read(items)]), signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`, symmetric."""
        return np.array([vectors.among_candidates() for vectors in self._read(items)])

    def _read(self, items: Sequence[Item]) -> list[ItemVectors]:
        return embed_items(items, encoder=self.encoder, device=self.device, case=self.case)
