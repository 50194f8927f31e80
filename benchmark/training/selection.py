"""By what the best weights of a training are found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.api import Example, System


@dataclass(frozen=True, slots=True)
class Selection:
    """A measure of weights on examples that decide nothing else."""

    measure: str
    """Its name in the record."""
    examples: Sequence[Example]
    score: Callable[[System], float] | None = None
    """Of which more is better; None = the objective of training, of which less is."""

    def is_better(self, value: float, best: float | None) -> bool:
        """Whether weights of this value are kept instead of those of the best before."""
        if not math.isfinite(value):
            return False
        if best is None:
            return True
        return value < best if self.score is None else value > best
