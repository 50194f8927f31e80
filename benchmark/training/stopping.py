"""What ends training: the first bound reached."""

from __future__ import annotations

from benchmark.experiment.recipes import Budget
from benchmark.training.checkpoints import Progress


def find_bound(progress: Progress, budget: Budget, patience: int | None) -> str:
    """The bound that training has reached; empty if none yet.

    Args:
        patience: validations without improvement that end training; None = no limit.
    """
    for name, done, bound in _bounds(progress, budget):
        if done >= bound:
            return name
    return "early stop" if patience is not None and progress.stale_validations >= patience else ""


def find_nearest_bound(progress: Progress, budget: Budget) -> tuple[int, int]:
    """Progress towards the bound that training will reach first, and that bound."""
    _, done, bound = max(_bounds(progress, budget), key=lambda each: each[1] / each[2])
    return int(done), int(bound)


def _bounds(progress: Progress, budget: Budget) -> list[tuple[str, float, float]]:
    """Name, progress and value of each bound of the budget."""
    bounds = (
        ("updates", progress.update, budget.updates),
        ("tokens", progress.tokens, budget.tokens),
        ("seconds", progress.seconds, budget.seconds),
    )
    return [(name, done, bound) for name, done, bound in bounds if bound is not None]
