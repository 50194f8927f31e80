"""What the denoiser is trained for: corrupted canvases, their times, and the weight of each.

Source: D3PM, arXiv 2107.03006: L_vb (eq. 1) and L_lambda = L_vb + lambda CE (eq. 5); MDLM,
arXiv 2406.07524, eq. 10 (continuous time); RDM, arXiv 2302.05737, section 4.2 (weights);
Mask-Predict, arXiv 1904.09324, section 3.2 (how many tokens are masked).
Deviates: the cross entropy covers unsettled positions; the others are carried over.
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
    label_smoothing: float = 0.0
    """Share of the mass that cross entropies spread over all ids that can be predicted."""


@dataclass(frozen=True, slots=True)
class Noised:
    """Canvases at their times."""

    x_t: Tensor
    """`(rows, length)`; equal to x_0 outside the canvas."""
    t: Tensor
    """`(rows, 1)`, float64."""


def on_lattice(
    corruption: Corruption, x_0: Tensor, inside: Tensor, u_t: Tensor, u_x: Tensor, timesteps: int
) -> Noised:
    """Times uniform on {1/T, 2/T, ..., 1}; every token is corrupted independently.

    Args:
        corruption: the chain.
        x_0: tokens `(rows, length)`.
        inside: True where tokens may be corrupted, `(rows, length)`.
        u_t: uniforms `(rows, 1)` for the times.
        u_x: uniforms `(rows, length)` for the tokens.
        timesteps: T.
    """
    t = (torch.floor(u_t * timesteps) + 1) / timesteps
    return Noised(torch.where(inside, corruption.corrupt(x_0, t, u_x), x_0), t)


def in_continuous_time(
    corruption: Corruption, x_0: Tensor, inside: Tensor, u_t: Tensor, u_x: Tensor, timesteps: int
) -> Noised:
    """Times uniform on (0, 1], without the first 1/1000, whose weight is unbounded."""
    t = _FIRST_TIME + (1 - _FIRST_TIME) * (1 - u_t)
    return Noised(torch.where(inside, corruption.corrupt(x_0, t, u_x), x_0), t)


def by_count(
    corruption: Corruption, x_0: Tensor, inside: Tensor, u_t: Tensor, u_x: Tensor, timesteps: int
) -> Noised:
    """A uniform number 1 to n of the n tokens is lost, chosen at random; t is their share."""
    n = inside.sum(1, keepdim=True)
    lost = torch.floor(u_t * n) + 1
    rank = u_x.masked_fill(~inside, torch.inf).argsort(dim=1, stable=True).argsort(dim=1)
    gone = corruption.corrupt(x_0, torch.ones_like(u_t), u_x)
    return Noised(torch.where(inside & (rank < lost), gone, x_0), lost / n.clamp(min=1))


def all_lost(
    corruption: Corruption, x_0: Tensor, inside: Tensor, u_t: Tensor, u_x: Tensor, timesteps: int
) -> Noised:
    """Nothing is left of any token: t = 1."""
    t = torch.ones_like(u_t)
    return Noised(torch.where(inside, corruption.corrupt(x_0, t, u_x), x_0), t)


def variational_bound(corruption: Corruption, case: Corrupted, timesteps: int) -> Tensor:
    """T KL(q(x_s|x_t,x_0) || p(x_s|x_t)) with s = t - 1/T, `(rows, length)`, nats.

    Its mean over lattice times is the whole bound on -log p(x_0): the last term of eq. 1
    vanishes, since nothing of x_0 is left at t = 1.

    Args:
        corruption: the chain.
        case: a corrupted canvas with its prediction.
        timesteps: T.
    """
    s = (case.t - 1.0 / timesteps).clamp(min=0.0)
    return timesteps * corruption.divergence(case.x_0, case.x_t, case.log_p, case.t, s)


def cross_entropy(corruption: Corruption, case: Corrupted) -> Tensor:
    """-log p(x_0|x_t) at unsettled positions, 0 elsewhere, `(rows, length)`, nats."""
    return torch.where(corruption.unsettled(case.x_t), _nll(case), 0.0)


def continuous_bound(corruption: Corruption, case: Corrupted, timesteps: int) -> Tensor:
    """CE / t, `(rows, length)`, nats: the bound of an absorbing chain as T grows without end."""
    nll = cross_entropy(corruption, case)
    return nll / case.t.to(nll.dtype)


def unweighted(corruption: Corruption, case: Corrupted, timesteps: int) -> Tensor:
    """-log p(x_0|x_t) of unsettled positions, whatever the time, `(rows, length)`, nats."""
    return cross_entropy(corruption, case)


def falling(corruption: Corruption, case: Corrupted, timesteps: int) -> Tensor:
    """1 - (t - 1/T) times -log p(x_0|x_t) where x_t is not x_0, `(rows, length)`, nats.

    Deviates: in the multinomial chain the paper counts every redrawn token; one redrawn as the same
    id is omitted here, a share of 1/vocabulary.
    """
    nll = _nll(case)
    weight = (1 - case.t + 1.0 / timesteps).to(nll.dtype)
    return torch.where(case.x_t != case.x_0, weight * nll, 0.0)


def _nll(case: Corrupted) -> Tensor:
    """-log p(x_0|x_t), smoothed, at every position, `(rows, length)`.

    Source of the smoothing: arXiv 1512.00567, section 7; the recipes of Mask-Predict and RDM.
    """
    nll = -case.log_p.gather(-1, case.x_0[..., None]).squeeze(-1)
    if not case.label_smoothing:
        return nll
    possible = torch.isfinite(case.log_p)
    everywhere = torch.where(possible, case.log_p, 0.0).sum(-1) / possible.sum(-1)
    return (1 - case.label_smoothing) * nll - case.label_smoothing * everywhere


NoisingName = Literal["lattice", "continuous", "count", "all"]
WeightName = Literal["bound", "continuous_bound", "masked_nll", "weighted_nll"]

Noising = Callable[[Corruption, Tensor, Tensor, Tensor, Tensor, int], Noised]

NOISINGS: Mapping[str, Noising] = {
    "lattice": on_lattice,
    "continuous": in_continuous_time,
    "count": by_count,
    "all": all_lost,
}
"""How canvases are corrupted in training."""

WEIGHTS: Mapping[str, Callable[[Corruption, Corrupted, int], Tensor]] = {
    "bound": variational_bound,
    "continuous_bound": continuous_bound,
    "masked_nll": unweighted,
    "weighted_nll": falling,
}
"""The main term of the loss by position, under the name that the events show."""

_FIRST_TIME = 1e-3
