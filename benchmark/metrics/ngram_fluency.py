"""Fluency: how likely a candidate is under an n-gram model of the train texts of its task.

The value of a candidate is its mean log-probability a token, in nats, the end of the text included;
an empty text has that of its end alone. Tokens, order and data of the model stand in the signature,
and `held-out` is the mean over held-out texts by people.

More is not better without end: short common sentences and copies of train texts have the highest
values, so no direction is better. Read it beside the row `reference`, and for edits beside
`copy-source`: a system writes like people where it comes near them from either side. It says
nothing of what stands further apart than the order of the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from benchmark.api import UserError
from benchmark.api.control import Judge, LanguageModel
from benchmark.metrics.interface import Direction, Item, Scores, sign
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class NgramFluency(JudgedMetric):
    """Mean log-probability a token."""

    name = "ngram_fluency"
    title = "fluency"
    summary = "mean log-probability a token under an n-gram model of real train texts"
    direction: ClassVar[Direction] = "none"
    low = -np.inf
    high = 0.0
    unit = "nats"

    @classmethod
    def judged(cls, options: Mapping[str, str], judge: Judge) -> Self:
        """See `JudgedMetric.judged`.

        Raises:
            UserError: if the task has no language model.
        """
        if judge.language_model is None:
            raise UserError(
                f"Metric {cls.name!r} needs a language model, which tasks of real texts with "
                "attributes have: omit it here."
            )
        return cls(judge)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return sign(self.name, model=self._model.name, case="lower", end="counted", version="1")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, in nats a token."""
        found = [[self._model.log_probability(t) for t in item.candidates] for item in items]
        signature, people = self.signature, self._model.of_held_out()
        if people is not None:
            signature = f"{signature}|held-out:{people:.3f}"
        return Scores(np.array(found, dtype=np.float64), signature)

    @property
    def _model(self) -> LanguageModel:
        model = self.judge.language_model
        assert model is not None
        return model
