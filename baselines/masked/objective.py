"""What the denoiser is trained for: corrupted canvases, their times, and the weight of each.

Source: D3PM, arXiv 2107.03006: L_vb (eq. 1) and L_lambda = L_vb + lambda CE (eq. 5).
Deviates: the cross entropy is that of unsettled positions; the others are carried over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from baselines.masked.corruption import Corruption


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A corrupted canvas and the prediction for it."""

    x_0: Tensor
    """`(rows, length)`."""
    x_t: Tensor
    t: Tensor
    """`(rows, 1)`, float64."""
    log_p: Tensor
    """Predicted logarithms of x_0, `(rows, length, vocab)`."""


def lattice_times(u: Tensor, timesteps: int) -> Tensor:
    """Times uniform on {1/T, 2/T, ..., 1}, from uniforms `u`."""
    return (torch.floor(u * timesteps) + 1) / timesteps


def stratified(u: Tensor) -> Tensor:
    """Uniforms `(rows, ...)` spread evenly over the rows: the first row's, shifted by r / rows.

    Each remains uniform, so the loss is unbiased; its variance falls.
    Source: Kingma et al., arXiv 2107.00630, appendix I.1.
    """
    shift = torch.arange(u.size(0), dtype=u.dtype, device=u.device) / u.size(0)
    return (u[:1] + shift.view(-1, *[1] * (u.dim() - 1))) % 1.0


def variational_bound(corruption: Corruption, case: Corrupted, timesteps: int) -> Tensor:
    """T KL(q(x_s|x_t,x_0) || p(x_s|x_t)) with s = t - 1/T, `(rows, length)`, nats.

    Its mean over lattice times is the whole bound on -log p(x_0): the last term of eq. 1
    vanishes, for nothing of x_0 is left at t = 1.
    """
    s = (case.t - 1.0 / timesteps).clamp(min=0.0)
    return timesteps * corruption.divergence(case.x_0, case.x_t, case.log_p, case.t, s)


def cross_entropy(corruption: Corruption, case: Corrupted) -> Tensor:
    """-log p(x_0|x_t) at unsettled positions, 0 elsewhere, `(rows, length)`, nats."""
    nll = -case.log_p.gather(-1, case.x_0[..., None]).squeeze(-1)
    return torch.where(corruption.unsettled(case.x_t), nll, 0.0)


TimesName = Literal["lattice"]
WeightName = Literal["bound"]

TIMES: Mapping[str, Callable[[Tensor, int], Tensor]] = {"lattice": lattice_times}
"""How t is drawn in training, from uniforms and the number of timesteps."""

WEIGHTS: Mapping[str, Callable[[Corruption, Corrupted, int], Tensor]] = {"bound": variational_bound}
"""The main term of the loss by position."""
