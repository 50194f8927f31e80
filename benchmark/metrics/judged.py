"""Metrics of what a candidate does with its control line, which a judge decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from benchmark.api import UserError
from benchmark.api.control import Judge, Judgement
from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.interface import Conditional, Item, Scores, sign


@dataclass(frozen=True, slots=True)
class JudgedMetric(DeclaredMetric):
    """Base of the metrics that ask the judge of a task with attributes."""

    judge: Judge

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: always: only a task with attributes has a judge; see `judged`.
        """
        raise UserError(
            f"Metric {cls.name!r} needs a task with attributes: use it on a control task, or omit "
            "it."
        )

    @classmethod
    def judged(cls, options: Mapping[str, str], judge: Judge) -> Self:
        """The metric with the judge of its task and a value for every name in `options`."""
        return cls(judge, **options)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return f"{sign(self.name, **self.chosen)}|{self.facts}".replace(
            "judge:task", f"judge:{self.judge.name}"
        )

    def score_each(
        self, items: Sequence[Item], read: Callable[[Judgement], float | None]
    ) -> Scores:
        """Values `(S, K)` of every candidate's judgement; NaN where `read` gives None."""
        values = [
            [read(self.judge.judge(item.source, text)) for text in item.candidates]
            for item in items
        ]
        return Scores(np.array(values, dtype=np.float64), self.signature)
