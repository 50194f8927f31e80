"""BERTScore F1 on any transformers encoder.

Every token of the candidate is matched with its nearest token of the reference by the cosine of
their contextual vectors (precision), and the other way round (recall); F1 is their harmonic
mean, of several references the largest. No idf weights, no rescaling with a baseline. Special
tokens ([CLS], [SEP]) weigh nothing in the means but can be chosen as nearest token of another,
as in bert-score. An empty candidate or reference scores 0. Values of different encoders or
layers are not comparable: the tables of DiffuSeq use layer 40 of
microsoft/deberta-xlarge-mnli.

Source: Zhang et al., "BERTScore" (arXiv 1904.09675), equation 1 and section 3.
Deviates: bert-score pads and counts padding as a cosine of 0; here nothing is padded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE, libraries
from benchmark.metrics.encoder import (
    AUTO,
    LAYERS,
    TextEncoder,
    TokenVectors,
    check_encoder,
    describe,
    load_encoder,
)
from benchmark.metrics.interface import (
    FloatArray,
    Item,
    Option,
    Scores,
    count_references,
    sign,
)
from benchmark.metrics.text import CASE_OPTION, TextMetric, fold

_CHUNK_TEXTS = 4096
"""Texts whose vectors are held at once: 4,096 texts of 20 tokens of MiniLM are 126 MB."""


@dataclass(frozen=True, slots=True)
class BertScore(TextMetric):
    """BERTScore F1 of a candidate, best reference."""

    name = "bertscore"
    title = "BERTScore"
    summary = "F1 of greedily matched contextual token vectors"
    low = -1.0
    options: ClassVar[Mapping[str, Option]] = {
        **CASE_OPTION,
        "encoder": Option(AUTO),
        "layer": Option("auto"),
        DEVICE: Option("cpu"),
    }

    encoder: str = AUTO
    """`auto`, a folder, or a hub id."""
    layer: str = "auto"
    """Hidden states after this many layers; `auto` is the usual number of the encoder."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""

    def __post_init__(self) -> None:
        if self.layer != "auto" and not self.layer.isdecimal():
            raise UserError(
                f"Metric 'bertscore': option 'layer' is {self.layer!r}, not a whole number."
            )
        check_encoder(self.encoder)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        layer = LAYERS.get(self.encoder, "last") if self.layer == "auto" else self.layer
        options = sign(self.name, case=self.case, encoder=describe(self.encoder), layer=str(layer))
        fixed = "idf:no|rescale:no|specials:unweighted|multiref:best"
        return f"{options}|{fixed}|{libraries('transformers', 'torch')}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, F1."""
        self._load()  # a hub model that was just fetched has its commit in the signature
        signature = count_references(self.signature, items)
        values = [f1.max(axis=1) for f1 in self._compared(items, with_references=True)]
        return Scores(np.array(values), signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`, symmetric."""
        return np.array(list(self._compared(items, with_references=False)))

    def _load(self) -> TextEncoder:
        layer = None if self.layer == "auto" else int(self.layer)
        return load_encoder(self.encoder, layer, self.device)

    def _compared(self, items: Sequence[Item], *, with_references: bool) -> Iterator[FloatArray]:
        """F1 of the candidates of each item against its references, or against each other."""
        encoder = self._load()
        texts = [
            [fold(text, self.case) for text in (*i.candidates, *i.references * with_references)]
            for i in items
        ]
        start = 0
        while start < len(items):
            stop, chunk = start, list[str]()
            while stop < len(items) and (stop == start or len(chunk) < _CHUNK_TEXTS):
                chunk += texts[stop]
                stop += 1
            encoded = encoder.encode(chunk)
            for item, of_item in zip(items[start:stop], texts[start:stop], strict=True):
                vectors = [encoded[text] for text in of_item]
                candidates = vectors[: len(item.candidates)]
                yield greedy_f1(candidates, vectors[len(candidates) :] or candidates)
            start = stop


def greedy_f1(hypotheses: Sequence[TokenVectors], references: Sequence[TokenVectors]) -> FloatArray:
    """F1 of every hypothesis against every reference: `(H, R)`; 0 where either is empty."""
    hyp_starts, ref_starts = _starts(hypotheses), _starts(references)
    hyp_weights = np.concatenate([text.weights for text in hypotheses])
    ref_weights = np.concatenate([text.weights for text in references])
    # (all hypothesis tokens, all reference tokens)
    cosines = (
        np.concatenate([text.vectors for text in hypotheses])
        @ np.concatenate([text.vectors for text in references]).T
    ).astype(np.float64)
    for_hyp = np.maximum.reduceat(cosines, ref_starts, axis=1) * hyp_weights[:, None]
    for_ref = np.maximum.reduceat(cosines, hyp_starts, axis=0) * ref_weights
    hyp_sizes = np.add.reduceat(hyp_weights, hyp_starts)[:, None]
    ref_sizes = np.add.reduceat(ref_weights, ref_starts)
    precision = np.add.reduceat(for_hyp, hyp_starts, axis=0) / np.maximum(hyp_sizes, 1.0)
    recall = np.add.reduceat(for_ref, ref_starts, axis=1) / np.maximum(ref_sizes, 1.0)
    both = precision + recall
    defined = (hyp_sizes > 0) & (ref_sizes > 0) & (both != 0)
    f1: FloatArray = np.where(defined, 2 * precision * recall / np.where(defined, both, 1.0), 0.0)
    return f1


def _starts(texts: Sequence[TokenVectors]) -> np.ndarray:
    lengths = [len(text.weights) for text in texts]
    return np.cumsum([0, *lengths[:-1]])
