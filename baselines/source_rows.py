"""The rows of a batch that belong to a source: source-major, the same number for every source."""

from __future__ import annotations

import torch
from torch import Tensor


def rows_of(sources: Tensor, per_source: int) -> Tensor:
    """Indices of all rows of the sources with indices `(n,)`: `(n * per_source,)`."""
    candidates = torch.arange(per_source, device=sources.device)
    return (sources[:, None] * per_source + candidates).flatten()
