"""Noise schedules: how much of the signal, alpha_bar, is left at each time.

Time is counted in whole steps t = 0..T. At t = 0 there is no noise (alpha_bar = 1); the network is
called at t = 1..T. The papers' code counts the same steps from 0 to T - 1.

Everything is float64: the product of 2,000 factors loses precision in float32.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

ScheduleName = Literal["sqrt", "sqrt-paper", "cosine", "linear"]

BETA_CAP = 0.999
"""Largest share of the signal that one step may remove.

Source: arXiv 2102.09672, section 3.2.
"""

_LINEAR_BETAS = (1e-4, 0.02)
_LINEAR_STEPS = 1000


def alpha_bar(name: ScheduleName, u: Tensor) -> Tensor:
    """Share of the signal's variance left at the continuous time `u` in [0, 1], float64.

    `linear` is the limit of its discrete betas for many steps.

    Source: `sqrt` arXiv 2205.14217, appendix A (s = 1e-4); `cosine` arXiv 2102.09672, eq. 17;
    `linear` arXiv 2006.11239, section 4.
    """
    u = u.to(torch.float64)
    if name in ("sqrt", "sqrt-paper"):
        return 1.0 - (u + 1e-4).sqrt()
    if name == "cosine":
        return ((u + 0.008) / 1.008 * math.pi / 2).cos() ** 2
    first, last = (_LINEAR_STEPS * beta for beta in _LINEAR_BETAS)
    return torch.exp(-(first * u + 0.5 * (last - first) * u**2))


def discrete_betas(name: ScheduleName, diffusion_steps: int) -> Tensor:
    """The betas of the steps t = 1..T, float64 `(T,)`, none above `BETA_CAP`.

    Source: arXiv 2006.11239, section 4 (`linear`, stretched to T steps as in arXiv 2102.09672,
    section 3.1); otherwise beta_t = 1 - alpha_bar(t / T) / alpha_bar((t - 1) / T), arXiv
    2102.09672, eq. 17. Deviates: with `sqrt` that ratio omits the loss already in alpha_bar(0) =
    0.99, as in the official code. With `sqrt-paper` the first step includes it, and alpha_bar
    follows the formula.
    """
    if name == "linear":
        scale = _LINEAR_STEPS / diffusion_steps
        first, last = (scale * beta for beta in _LINEAR_BETAS)
        betas = torch.linspace(first, last, diffusion_steps, dtype=torch.float64)
    else:
        u = torch.arange(diffusion_steps + 1, dtype=torch.float64) / diffusion_steps
        left = alpha_bar(name, u)
        if name == "sqrt-paper":
            left[0] = 1.0
        betas = 1.0 - left[1:] / left[:-1]
    return betas.clamp(max=BETA_CAP)


def cumulative_alpha_bar(betas: Tensor) -> Tensor:
    """alpha_bar at t = 0..T, float64 `(T + 1,)`: 1 first, then the products of 1 - beta.

    With `sqrt` the ratio of the betas divides alpha_bar(0) = 0.99 out, as in the official
    code: alpha_bar at step 1 of 2,000 is 0.9854, not 0.9755.

    Source: arXiv 2006.11239, eq. 4.
    """
    start = torch.ones(1, dtype=torch.float64, device=betas.device)
    return torch.cat((start, (1.0 - betas).cumprod(0)))


def level_at(alpha_bar: Tensor, t: float) -> Tensor:
    """alpha_bar at time t of 0..T, between whole steps linear in its logarithm.

    Source: arXiv 2211.01095, appendix D, as in the code of DPM-Solver ("discrete").
    """
    below = int(t)
    if t == below:
        return alpha_bar[below]
    ends = alpha_bar[below : below + 2].log()
    return torch.lerp(ends[0], ends[1], t - below).exp()


def log_snr(alpha_bar_t: Tensor) -> Tensor:
    """The logarithm lambda = log(alpha / sigma), half the logarithm of the signal-to-noise ratio.

    Infinite at alpha_bar = 1.

    Source: arXiv 2211.01095, section 2.
    """
    return 0.5 * (torch.log(alpha_bar_t) - torch.log1p(-alpha_bar_t))
