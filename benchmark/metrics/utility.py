"""Utilities by spec: metrics that can compare candidates with each other."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.api import UserError
from benchmark.metrics import PairwiseMetric, make_metric


def make_utilities(specs: Iterable[str]) -> tuple[PairwiseMetric, ...]:
    """The utilities that specs ask for, each once, in their order.

    Raises:
        UserError: if a metric is unknown or cannot compare candidates.
    """
    found: dict[str, PairwiseMetric] = {}
    for spec in specs:
        utility = make_metric(spec)
        if not isinstance(utility, PairwiseMetric):
            raise UserError(
                f"mbr_utility {spec!r} cannot compare candidates with each other: use "
                "bleu_sent_m4, rouge_l or bertscore."
            )
        found.setdefault(utility.id, utility)
    return tuple(found.values())
