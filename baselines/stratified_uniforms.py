"""Uniform numbers stratified over rows of a batch."""

import torch
from torch import Tensor


def stratified(u: Tensor, together: int | None = None) -> Tensor:
    """Uniforms `(rows, ...)` spread evenly over rows: the first row's, shifted by r / rows.

    Each remains uniform, so a mean over them is unbiased; its variance falls.
    Source: Kingma et al., arXiv 2107.00630, appendix I.1.

    Args:
        u: independent uniforms.
        together: how many neighbouring rows share the interval out; None = all.
    """
    count = together or u.size(0)
    shift = torch.arange(count, dtype=u.dtype, device=u.device) / count
    groups = u.unflatten(0, (-1, count))
    return ((groups[:, :1] + shift.view(-1, *[1] * (u.dim() - 1))) % 1.0).flatten(0, 1)
