"""The true distribution over the targets of a source, which only controlled tasks know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from benchmark.api import UserError
from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.interface import Conditional, Item
from benchmark.metrics.text import squeeze


@dataclass(frozen=True, slots=True)
class ControlledMetric(DeclaredMetric):
    """Base of the metrics that compare candidates with the true distribution."""

    controlled = True

    conditional: Conditional

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: if the task has no such distribution.
        """
        if conditional is None:
            raise UserError(
                f"Metric {cls.name!r} needs a task whose true distribution is known: use it on a "
                "controlled task, or omit it."
            )
        return cls(conditional)

    def true_distributions(self, items: Sequence[Item]) -> list[Mapping[str, float]]:
        """For every item the probability of each valid target, at temperature 1.

        Raises:
            UserError: if the task cannot produce a source.
        """
        known: dict[str, Mapping[str, float]] = {}
        for item in items:
            if item.source not in known:
                truth = self.conditional(item.source, 1.0)
                if not truth:
                    raise UserError(
                        f"Metric {self.name!r}: the task cannot produce the source of example "
                        f"{item.id!r}; score these candidates with the task they were made for."
                    )
                known[item.source] = {squeeze(text): p for text, p in truth.items()}
        return [known[item.source] for item in items]
