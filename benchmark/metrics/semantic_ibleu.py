"""Semantic iBLEU: the same meaning as the source in another form, which no copy has.

The weighted harmonic mean of two: likeness in meaning to the source (cosine of sentence embeddings,
what is below 0 is 0), with a weight of `beta` = 4, and difference in form (1 less sentence BLEU
against the source), with a weight of 1. A copy differs in nothing and scores 0, a text about
something else is alike in nothing and scores 0. No reference is read, so a paraphrase that the data
do not have is worth as much as theirs.

It is proof against copies, not against noise: the encoder hardly sees the order of words, so a
source with its words scrambled means the same in another form and scores more than the references
do (`docs/metrics.md` has the figures). `ibleu`, which reads the references, puts it below them:
read both. Sentence BLEU is that of `bleu_sent_m4`, but a text that equals the source token by token
counts as 1 however short it is.

Source: BERT-iBLEU of Niu et al., "Unsupervised paraphrasing with pretrained language models"
(arXiv 2010.12885, section 4.1), with its beta. That measures without references agree with people
better than measures with them: Shen et al., "On the evaluation metrics for paraphrase generation"
(arXiv 2202.08479).
Deviates: they measure meaning by BERTScore; here it is what the encoder was trained to measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np

from benchmark.metrics.bleu_sent_m4 import sentence_bleu
from benchmark.metrics.declaration import DEVICE, libraries, number
from benchmark.metrics.encoder import AUTO, ENCODER_OPTIONS, check_encoder, describe
from benchmark.metrics.interface import Conditional, FloatArray, Item, Option, Scores, sign
from benchmark.metrics.sentence_vectors import embed_items
from benchmark.metrics.text import TOKEN_OPTIONS, Case, CasedTokenMetric, Tokens


@dataclass(frozen=True, slots=True)
class SemanticIBleu(CasedTokenMetric):
    """Harmonic mean of likeness in meaning to the source and difference in form from it."""

    name = "semantic_ibleu"
    title = "semantic iBLEU"
    summary = "same meaning as the source, other form: embeddings against source BLEU"
    options: ClassVar[Mapping[str, Option]] = {
        **TOKEN_OPTIONS,
        "beta": Option("4.0"),
        **ENCODER_OPTIONS,
    }

    beta: float = 4.0
    """Weight of the meaning, relative to that of the form."""
    encoder: str = AUTO
    """`auto`, a folder, or a hub id."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: if `beta` is not a number from 0 to 1000, or the encoder is missing.
        """
        beta = number(cls.name, "beta", options["beta"], low=0.0, high=1000.0)
        return cls(
            cast("Case", options["case"]),
            beta,
            options["encoder"],
            options[DEVICE],
            tokens=cast("Tokens", options["tokens"]),
        )

    def __post_init__(self) -> None:
        check_encoder(self.encoder)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        options = sign(self.name, case=self.case, beta=f"{self.beta:g}")
        form = self.signed("tok:whitespace|smooth:method4|copies:1")
        used = libraries("transformers", "torch")
        return f"{options}|encoder:{describe(self.encoder)}|pooling:mean|{form}|{used}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1].

        Raises:
            UserError: if the encoder cannot be loaded.
        """
        vectors = embed_items(items, encoder=self.encoder, device=self.device, case=self.case)
        alike = np.array([of_item.to_source() for of_item in vectors])
        return Scores(weigh(alike, 1.0 - self._likeness_of_form(items), self.beta), self.signature)

    def _likeness_of_form(self, items: Sequence[Item]) -> FloatArray:
        bleu = sentence_bleu(
            [item.candidates for item in items], [[item.content] for item in items], self.reading
        )
        sources = [self.split(item.content) for item in items]
        copies = np.array(
            [
                [self.split(text) == source for text in item.candidates]
                for item, source in zip(items, sources, strict=True)
            ]
        )
        return np.where(copies, 1.0, bleu)


def weigh(alike: FloatArray, different: FloatArray, beta: float) -> FloatArray:
    """Harmonic mean of two values up to 1, of weights `beta` and 1; 0 where one is not above 0."""
    both = (alike > 0) & (different > 0)
    inverse = beta / np.where(both, alike, 1.0) + 1.0 / np.where(both, different, 1.0)
    return np.where(both, (beta + 1.0) / inverse, 0.0)
