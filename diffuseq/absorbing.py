"""The absorbing state m of DiffuSeq-v2: noise towards m, and discrete noise that is m itself.

m is one learned vector. Gaussian noise leads from z_0 to a normal distribution around m, and some
positions are set to m outright: a landmark in the embedding space that means "nothing is known
here".

Notation as in `diffuseq.process` and `diffuseq.solvers`; m is `absorbing`, `(dim,)`.

Source: arXiv 2310.05793, section 3; the coefficients are those of its code (branch diffuseq-v2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffuseq.process import diffuse
from diffuseq.solvers import Solver, Transition


def diffuse_towards(absorbing: Tensor, z_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    """A draw z_t = sqrt(alpha_bar) (z_0 - m) + sqrt(1 - alpha_bar) eps + m.

    Args:
        absorbing: m, `(dim,)`.
        z_0: clean state `(batch, length, dim)`.
        eps: standard normal, of the same shape.
        alpha_bar_t: signal left at t.

    Source: arXiv 2310.05793, section 3.
    """
    return diffuse(z_0 - absorbing, eps, alpha_bar_t) + absorbing


def noising_rate(alpha_bar_t: Tensor, discrete_rate: float) -> Tensor:
    """Share of the states that are m at step t: `discrete_rate` times the spread of the noise."""
    return discrete_rate * (1.0 - alpha_bar_t).sqrt()


def injection_rate(move: Transition, discrete_rate: float) -> Tensor:
    """Share of the states that a sampling step sets to m: `discrete_rate` times its own spread.

    The spread is that of `fixed-large`, sqrt(1 - alpha_bar_t / alpha_bar_s).
    """
    return discrete_rate * (1.0 - move.alpha_bar_t / move.alpha_bar_s).sqrt()


def absorb(z: Tensor, absorbing: Tensor, u: Tensor, rate: Tensor) -> Tensor:
    """`z` with m at the positions whose uniform number falls below the rate.

    Args:
        z: `(batch, length, dim)`.
        u: uniform numbers in [0, 1) `(batch, length)`.
        rate: probabilities that broadcast with `u`.
    """
    return torch.where((u < rate)[..., None], absorbing.to(z.dtype), z)


@dataclass(frozen=True)
class Centred:
    """A solver whose origin is m: what training noises towards, sampling must come back from.

    z - m follows the process that the solver knows, so state and predictions are shifted by m.
    """

    solver: Solver
    absorbing: Tensor

    @property
    def stochastic(self) -> bool:
        """Whether the wrapped solver is stochastic."""
        return self.solver.stochastic

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """One step of the wrapped solver, around m."""
        m = self.absorbing
        if move.previous is not None:
            alpha_bar, earlier = move.previous
            move = Transition(
                move.alpha_bar_t, move.alpha_bar_s, (alpha_bar, earlier - m), move.is_last
            )
        return self.solver.step(z_t - m, z0_hat - m, eps, move) + m
