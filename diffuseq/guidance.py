"""Guidance: moves of the state after each step, down a loss of what is wanted.

Every function is pure, and every row is moved by its own gradient alone, so that a text does not
depend on its batch.

Source: arXiv 2205.14217, section 5.1; arXiv 2105.05233, algorithm 1 (`gradient`).
Deviates: the released code moves while t >= 10 of its 200 steps, which is `until` here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from diffuseq.solvers import Solver, Transition

Guide = Literal["sign", "adagrad", "gradient"]
Gradient = Callable[[Tensor, int], Tensor]
"""Maps the state z_s `(rows, length, dim)` and its step s to the gradient of a loss by row."""

_EPS = 1e-10
"""Of Adagrad, in torch as in the released code."""


def descend(
    z: Tensor,
    gradient: Callable[[Tensor], Tensor],
    *,
    mean: Tensor,
    sigma: float,
    guide: Guide,
    strength: float,
    inner: int,
    pull: float,
) -> Tensor:
    """`z` after `inner` moves against the gradient.

    Args:
        z: state, noise included, `(rows, length, dim)`.
        gradient: of the loss of each row with respect to its state.
        mean: what `z` was before the noise of its step, of the same shape.
        sigma: standard deviation of that noise at temperature 1; 0 = none.
        guide: `sign` makes each coordinate a step of `strength` in the direction of its sign: the
            released code makes a new Adagrad optimiser for each move, whose first step that is.
            `adagrad` keeps its sums of squares over the moves, as the paper says. `gradient` takes
            steps of strength * sigma^2 * gradient, without the pull: it is the shift of the mean
            that the pull would hold back.
        strength: size of a move.
        inner: number of moves.
        pull: weight of |z - mean|^2 / sigma, which keeps the state where the model put it.
    """
    if guide == "gradient":
        for _ in range(inner):
            z = z - strength * sigma**2 * gradient(z)
        return z
    seen = torch.zeros_like(z)
    for _ in range(inner):
        slope = gradient(z) + 2.0 * pull / (sigma or 1.0) * (z - mean)
        seen = slope.square() + (seen if guide == "adagrad" else 0.0)
        z = z - strength * slope / (seen.sqrt() + _EPS)
    return z


@dataclass(frozen=True)
class GuidedSolver:
    """A solver whose steps are followed by moves towards what is wanted.

    Rows that want nothing at a step, and the step to s = 0, are left as the solver made them.
    """

    solver: Solver
    gradient: Gradient
    wants: Callable[[int], Tensor]
    """The rows to be moved at step s, bool `(rows,)`."""
    alpha_bar: Tensor
    """float64 `(T + 1,)`."""
    guide: Guide
    strength: float
    inner: int
    pull: float
    until: float
    """Share of the chain, at its clean end, without moves."""

    @property
    def stochastic(self) -> bool:
        """Whether the solver adds noise."""
        return self.solver.stochastic

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """The solver's step, and the moves after it."""
        z_s = self.solver.step(z_t, z0_hat, eps, move)
        t, s = (step_of(level, self.alpha_bar) for level in (move.alpha_bar_t, move.alpha_bar_s))
        if s == 0 or t <= self.until * (len(self.alpha_bar) - 1):
            return z_s
        rows = self.wants(s)
        if not bool(rows.any()):
            return z_s
        mean = z_s if eps is None else self.solver.step(z_t, z0_hat, None, move)
        return torch.where(rows[:, None, None], self._moved(z_s, mean, s, move), z_s)

    def _moved(self, z_s: Tensor, mean: Tensor, s: int, move: Transition) -> Tensor:
        return descend(
            z_s,
            lambda z: self.gradient(z, s),
            mean=mean,
            sigma=spread(self.solver, move),
            guide=self.guide,
            strength=self.strength,
            inner=self.inner,
            pull=self.pull,
        )


def spread(solver: Solver, move: Transition) -> float:
    """Standard deviation of the noise that the solver adds at temperature 1."""
    if not solver.stochastic:
        return 0.0
    zero = torch.zeros(1, 1, 1, dtype=torch.float64)
    # The noise of a step does not depend on the step before.
    first = replace(move, previous=None)
    return float(solver.step(zero, zero, torch.ones_like(zero), first))


def step_of(level: Tensor, alpha_bar: Tensor) -> int:
    """The step whose alpha_bar is `level`."""
    return int(torch.searchsorted(-alpha_bar, -level.to(alpha_bar)))
