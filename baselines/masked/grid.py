"""Decreasing time grids of the reverse process; a grid determines the number of evaluations."""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

GridName = Literal["linear", "cosine"]

_SHAPES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda progress: 1.0 - progress,
    # Few masks are removed at first, when least is known about the others.
    # Source: MaskGIT, arXiv 2202.04200, section 3.3.
    "cosine": lambda progress: torch.cos(0.5 * torch.pi * progress),
}


def decreasing_times(name: GridName, nfe: int) -> Tensor:
    """Times `(nfe + 1,)` from 1 down to 0, float64: one evaluation for each interval."""
    times = _SHAPES[name](torch.linspace(0.0, 1.0, nfe + 1, dtype=torch.float64))
    times[0], times[-1] = 1.0, 0.0
    return times
