"""Uniform numbers stratified over the rows of a batch."""

import torch
from torch import Tensor


def stratified(u: Tensor) -> Tensor:
    """Uniforms `(rows, ...)` spread evenly over the rows: the first row's, shifted by r / rows.

    Each remains uniform, so the loss is unbiased; its variance falls.
    Source: Kingma et al., arXiv 2107.00630, appendix I.1.
    """
    shift = torch.arange(u.size(0), dtype=u.dtype, device=u.device) / u.size(0)
    return (u[:1] + shift.view(-1, *[1] * (u.dim() - 1))) % 1.0
