"""The one loop over a time grid: from noise to z_0 with a fixed source."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from benchmark.api import Noise, OnStep
from diffuseq.process import anchor
from diffuseq.schedule import level_at
from diffuseq.solvers import Solver, Transition

AfterStep = Callable[[int, Tensor, Transition], Tensor]
"""Maps the number of the step, the state after it and the step itself to a new state."""


def sample(
    network: Callable[[Tensor, Tensor], Tensor],
    *,
    source: Tensor,
    is_target: Tensor,
    grid: tuple[float, ...],
    alpha_bar: Tensor,
    solver: Solver,
    noise: Noise,
    temperature: float = 1.0,
    clamp: Callable[[Tensor], Tensor] | None = None,
    clamp_steps: range | None = None,
    noise_bound: float | None = None,
    start_mean: Tensor | None = None,
    one_step: bool = False,
    after_step: AfterStep | None = None,
    on_step: OnStep | None = None,
) -> Tensor:
    """z_0 `(rows, length, dim)`, after one network call for each entry of `grid` but the last.

    Args:
        network: f_theta(z_t, t) -> z0_hat.
        source: clean vectors `(rows, length, dim)`; read only at source positions.
        is_target: bool `(rows, length)`.
        grid: decreasing times from T to 0, of `grid.time_grid`.
        alpha_bar: float64 `(T + 1,)`.
        solver: the rule for one step.
        noise: one row per row of `source`.
        temperature: factor of all noise, including the first state: the knob that trades quality
            for diversity. 1 is the model's own distribution.
        clamp: moves rows `(n, dim)` of z0_hat to the embeddings, at the target alone; None keeps
            it as predicted.
        clamp_steps: steps t at which `clamp` is applied; None means all.
        noise_bound: bound of the noise injected by steps; None means no bound.
        start_mean: mean of the first state `(dim,)`; None is 0.
        one_step: whether each step uses the coefficients of t to t - 1, however far it goes: the
            error of the official DDIM, see `grid.time_grid`.
        after_step: applied to the state after each step except the one to s = 0.
        on_step: called with the number of the step and the state after it.

    Source: arXiv 2210.08933, "Training and Inference Methods"; arXiv 2006.11239, algorithm 2.
    Deviates: no earlier state is kept; the official code keeps all of them.
    """
    shape = tuple(source.shape[1:])
    levels = alpha_bar.cpu()

    def draw(step: int, bound: float | None = None) -> Tensor:
        eps = noise.normal(shape, step=step, stream="reverse")
        return temperature * (eps if bound is None else bounded(eps, bound))

    start = draw(0)
    z = anchor(start if start_mean is None else start + start_mean, source, is_target)
    if clamp is not None:
        clamp = _at_target(clamp, is_target)
    previous: tuple[Tensor, Tensor] | None = None
    for number, (t, s) in enumerate(pairwise(grid), start=1):
        is_whole = t == int(t)
        kind = torch.int64 if is_whole else torch.float32
        times = torch.full((len(z),), t, dtype=kind, device=z.device)
        z0_hat = network(z, times)
        if clamp is not None and (clamp_steps is None or clamp_steps.start <= t < clamp_steps.stop):
            z0_hat = clamp(z0_hat)
        reached = t - 1 if one_step else s
        eps = draw(number, noise_bound) if solver.stochastic and reached > 0 else None
        level_t, level_s = level_at(levels, t), level_at(levels, reached)
        move = Transition(level_t, level_s, previous, is_last=s == grid[-1])
        z_s = solver.step(z, z0_hat, eps, move)
        if after_step is not None and reached > 0:
            z_s = after_step(number, z_s, move)
        z = anchor(z_s, source, is_target)
        previous = (level_t, z0_hat)
        if on_step is not None:
            on_step(number, z)
    return z


def _at_target(clamp: Callable[[Tensor], Tensor], is_target: Tensor) -> Callable[[Tensor], Tensor]:
    """The clamp at the target alone: the source is set back after every step."""
    places = is_target.flatten().nonzero().squeeze(1)

    def clamp_target(z0_hat: Tensor) -> Tensor:
        flat = z0_hat.flatten(0, 1)
        return flat.index_copy(0, places, clamp(flat[places])).view_as(z0_hat)

    return clamp_target


def bounded(eps: Tensor, bound: float) -> Tensor:
    """Standard normal numbers mapped to the normal distribution truncated at +-`bound`.

    Deviates: the official code redraws every number out of bounds until none is left. The
    distribution is the same; here a number keeps its rank, and one draw is enough.
    """
    below = torch.special.ndtr(torch.tensor(-bound, dtype=torch.float64))
    share = below + torch.special.ndtr(eps.to(torch.float64)) * (1.0 - 2.0 * below)
    return torch.special.ndtri(share).to(eps.dtype)
