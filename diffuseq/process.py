"""The forward process and its posterior, for any two steps s < t, and partial noising.

All coefficients are computed in float64 and cast to the type of the state at the end. `alpha_bar_*`
are float64 tensors that broadcast with the state: scalars in a sampler, where all rows share the
step, `(batch, 1, 1)` in training.

Notation: z_t state, z_0 clean state, eps standard normal noise, alpha_bar signal left.
"""

from __future__ import annotations

import torch
from torch import Tensor


def diffuse(z_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    """A draw z_t of q(z_t | z_0), made from standard normal `eps`.

    Args:
        z_0: clean state `(batch, length, dim)`.
        eps: standard normal, of the same shape.
        alpha_bar_t: signal left at t.

    Source: arXiv 2006.11239, eq. 4; arXiv 2210.08933, section 2.
    """
    signal = alpha_bar_t.sqrt().to(z_0.dtype)
    spread = (1.0 - alpha_bar_t).sqrt().to(z_0.dtype)
    return signal * z_0 + spread * eps


def posterior(
    z_t: Tensor, z_0: Tensor, *, alpha_bar_t: Tensor, alpha_bar_s: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean `(batch, length, dim)` and variance (shape of `alpha_bar_t`) of q(z_s | z_t, z_0).

    At s = 0 (alpha_bar_s = 1) the mean is z_0 and the variance 0.

    Args:
        z_t: state `(batch, length, dim)`.
        z_0: clean state, true or predicted, of the same shape.
        alpha_bar_t: signal left at t.
        alpha_bar_s: signal left at s < t.

    Source: arXiv 2006.11239, eq. 6 and 7, with the step from s to t instead of beta_t.
    """
    kept = alpha_bar_t / alpha_bar_s
    noise_t = 1.0 - alpha_bar_t
    of_z_0 = alpha_bar_s.sqrt() * (1.0 - kept) / noise_t
    of_z_t = kept.sqrt() * (1.0 - alpha_bar_s) / noise_t
    variance = (1.0 - alpha_bar_s) * (1.0 - kept) / noise_t
    return of_z_0.to(z_t.dtype) * z_0 + of_z_t.to(z_t.dtype) * z_t, variance


def anchor(z: Tensor, source: Tensor, is_target: Tensor) -> Tensor:
    """`z` at the target positions and the clean `source` at all others.

    The same function applies partial noising (training) and resets the source (every sampling
    step).

    Args:
        z: `(batch, length, dim)`.
        source: `(batch, length, dim)`.
        is_target: bool `(batch, length)`; padding belongs to the target.

    Source: arXiv 2210.08933, "Forward Process with Partial Noising".
    """
    return torch.where(is_target[..., None], z, source)
