"""How many different right candidates a source effectively has: the Vendi score of those alone.

Diversity counts noise as variety: a system that answers nonsense has the most. Here only right
answers count, so none scores 0, and k equal ones score 1. What is right says `right`:

- `valid`: one of the targets that the grammar of a controlled task gives the source;
- `similar`: a candidate whose cosine with a reference in sentence embeddings is at least
  `threshold`. This is a guess at what is right, meant for tasks where the answer keeps the meaning
  (paraphrase, simplification); a good reply that no reference is like does not count;
- `task` (default): the first where the task knows its answers, else the second.

Two right answers differ by `kernel`, as in `vendi`: `ngram` (default) by their words, which is
what is left to differ where all of them mean the same; `encoder` by their meaning, for tasks where
right answers may mean different things (questions, replies).

Source: Friedman and Dieng, "The Vendi score" (arXiv 2210.02410); that quality has to be held when
diversity is measured: Tevet and Berant, "Evaluating the evaluation of diversity in natural language
generation" (arXiv 2004.02990).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE, libraries, number
from benchmark.metrics.encoder import AUTO, ENCODER_OPTIONS, check_encoder, describe
from benchmark.metrics.interface import (
    Conditional,
    FloatArray,
    Item,
    Level,
    Option,
    Scores,
    count_references,
    sign,
)
from benchmark.metrics.sentence_vectors import embed_items
from benchmark.metrics.text import TOKEN_OPTIONS, Case, CasedTokenMetric, Tokens
from benchmark.metrics.validity import Validity
from benchmark.metrics.vendi import ORDERS, Kernel, ngram_kernel, vendi_score

Right = Literal["valid", "similar"]


@dataclass(frozen=True, slots=True)
class RightVendi(CasedTokenMetric):
    """Effective number of different right candidates of a source."""

    name = "right_vendi"
    title = "right and different"
    summary = "effective number of different right candidates of a source"
    level: ClassVar[Level] = "set"
    low = 0.0
    high = float("inf")
    options: ClassVar[Mapping[str, Option]] = {
        **TOKEN_OPTIONS,
        "right": Option("task", ("task", "valid", "similar")),
        "threshold": Option("0.7"),
        "kernel": Option("ngram", ("ngram", "encoder")),
        **ENCODER_OPTIONS,
    }

    right: Literal["task", "valid", "similar"] = "task"
    threshold: float = 0.7
    """Least cosine with a reference of what counts as right; for `similar`."""
    kernel: Kernel = "ngram"
    encoder: str = AUTO
    """`auto`, a folder, or a hub id."""
    device: str = "cpu"
    """Where the encoder runs; no part of id and signature."""
    conditional: Conditional | None = None
    """The true distribution of the task; no part of the id."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: if `valid` is asked of a task that does not know its answers, the threshold
                is not a number from -1 to 1, or an encoder is needed and missing.
        """
        return cls(
            cast("Case", options["case"]),
            cast("Literal['task', 'valid', 'similar']", options["right"]),
            number(cls.name, "threshold", options["threshold"], low=-1.0, high=1.0),
            cast("Kernel", options["kernel"]),
            options["encoder"],
            options[DEVICE],
            conditional,
            tokens=cast("Tokens", options["tokens"]),
        )

    def __post_init__(self) -> None:
        if self.rule == "valid" and self.conditional is None:
            raise UserError(
                "Metric 'right_vendi': right=valid needs a task whose answers are known: say "
                "right=similar, or omit the option."
            )
        if self.encodes:
            check_encoder(self.encoder)

    @property
    def rule(self) -> Right:
        """What is right on this task."""
        if self.right != "task":
            return self.right
        return "similar" if self.conditional is None else "valid"

    @property
    def encodes(self) -> bool:
        """Whether it needs an encoder."""
        return self.rule == "similar" or self.kernel == "encoder"

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        parts = [sign(self.name, case=self.case, right=self.rule, kernel=self.kernel)]
        if self.rule == "similar":
            parts.append(f"threshold:{self.threshold:g}")
        if self.encodes:
            parts.append(f"encoder:{describe(self.encoder)}|pooling:mean")
            parts.append(libraries("transformers", "torch"))
        if self.kernel == "ngram":
            parts.append(self.signed(f"tok:whitespace|order:1-{ORDERS}"))
        return "|".join([*parts, "version:1"])

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S,)` from 0 to K, NaN with fewer than two candidates.

        Raises:
            UserError: if the encoder cannot be loaded, or the task cannot produce a source.
        """
        signature = self.signature
        if self.rule == "similar":
            signature = count_references(signature, items)
        if len(items[0].candidates) < 2:
            return Scores(np.full(len(items), np.nan), signature)
        values = [
            float(vendi_score(kernel[np.ix_(right, right)])) if right.any() else 0.0
            for kernel, right in zip(self._compare(items), self.find_right(items), strict=True)
        ]
        return Scores(np.array(values), signature)

    def find_right(self, items: Sequence[Item]) -> NDArray[np.bool_]:
        """Which candidates are right: `(S, K)`."""
        if self.rule == "valid":
            assert self.conditional is not None
            return Validity(self.conditional).score(items).values > 0
        vectors = embed_items(items, encoder=self.encoder, device=self.device, case=self.case)
        return np.array([of_item.to_references() for of_item in vectors]) >= self.threshold

    def _compare(self, items: Sequence[Item]) -> FloatArray:
        if self.kernel == "ngram":
            return ngram_kernel([[self.split(text) for text in i.candidates] for i in items])
        vectors = embed_items(items, encoder=self.encoder, device=self.device, case=self.case)
        return np.array([of_item.among_candidates() for of_item in vectors])
