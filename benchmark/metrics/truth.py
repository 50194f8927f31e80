"""The true distribution over targets, which only controlled tasks know."""

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
        """See `Metric.make`."""
        return cls(required(conditional, cls.name))


def required(conditional: Conditional | None, name: str) -> Conditional:
    """The conditional of the task.

    Raises:
        UserError: if the task has none.
    """
    if conditional is None:
        raise UserError(
            f"Metric {name!r} needs a task whose true distribution is known: use it on a "
            "controlled task, or omit it."
        )
    return conditional


def distributions(
    conditional: Conditional, items: Sequence[Item], name: str
) -> list[Mapping[str, float]]:
    """For every item the probability of each valid target, at temperature 1.

    Args:
        conditional: true distribution of the task.
        items: what is scored.
        name: of the metric, for the error message.

    Raises:
        UserError: if the task cannot produce a source.
    """
    known: dict[str, Mapping[str, float]] = {}
    for item in items:
        if item.source not in known:
            truth = conditional(item.source, 1.0)
            if not truth:
                raise UserError(
                    f"Metric {name!r}: the task cannot produce the source of example "
                    f"{item.id!r}; score these candidates with the task they were made for."
                )
            known[item.source] = {squeeze(text): p for text, p in truth.items()}
    return [known[item.source] for item in items]
