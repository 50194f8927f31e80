"""Utilities by spec: metrics that can also compare candidates with each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, cast

from benchmark.api import UserError
from benchmark.api.token_unit import Unit
from benchmark.metrics import Metric, PairwiseMetric, Script, make_metric


class Utility(Metric, PairwiseMetric, Protocol):
    """What minimum Bayes risk needs: candidates against each other, under a signature."""


def make_utilities(
    specs: Iterable[str], script: Script = "latin", unit: Unit | None = None
) -> tuple[Utility, ...]:
    """The utilities that specs name, each once, in their order.

    Args:
        specs: of metrics that can compare candidates.
        script: of the texts of the task.
        unit: what they are counted by; None = as the script asks for.

    Raises:
        UserError: if a metric is unknown or cannot compare candidates.
    """
    found: dict[str, Utility] = {}
    for spec in specs:
        metric = make_metric(spec, script=script, unit=unit)
        if not isinstance(metric, PairwiseMetric):
            raise UserError(
                f"The utility {spec!r} cannot compare candidates with each other: name "
                "bleu_sent_m4, rouge_l or bertscore in evaluation.mbr_utility and "
                "evaluation.mbr.utilities."
            )
        found.setdefault(metric.id, cast("Utility", metric))
    return tuple(found.values())
