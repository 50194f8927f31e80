"""What ends training: the first bound reached."""

from __future__ import annotations

from benchmark.experiment.suite import Budget
from benchmark.training.checkpoints import Progress


def find_bound(progress: Progress, budget: Budget, patience: int | None) -> str:
    """The bound that training has reached; empty if none yet.

    Args:
        patience: validations without improvement that end training; None = no limit.
    """
    if budget.updates is not None and progress.update >= budget.updates:
        return "updates"
    if budget.tokens is not None and progress.tokens >= budget.tokens:
        return "tokens"
    if budget.seconds is not None and progress.seconds >= budget.seconds:
        return "seconds"
    if patience is not None and progress.stale_validations >= patience:
        return "early stop"
    return ""


def find_nearest_bound(progress: Progress, budget: Budget) -> tuple[int, int]:
    """Progress towards the bound that training will reach first, and that bound."""
    shares = [
        (done / bound, done, bound)
        for done, bound in (
            (progress.update, budget.updates),
            (progress.tokens, budget.tokens),
            (progress.seconds, budget.seconds),
        )
        if bound
    ]
    _, done, bound = max(shares)
    return int(done), int(bound)
