"""The one loop over a time grid: from noise to z_0 beside a source that is held fast."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from benchmark.api import Noise, OnStep
from diffuseq.process import anchor
from diffuseq.solvers import Solver, Transition


def sample(
    network: Callable[[Tensor, Tensor], Tensor],
    *,
    source: Tensor,
    is_target: Tensor,
    grid: tuple[int, ...],
    alpha_bar: Tensor,
    solver: Solver,
    noise: Noise,
    temperature: float = 1.0,
    clamp: Callable[[Tensor], Tensor] | None = None,
    on_step: OnStep | None = None,
) -> Tensor:
    """z_0 `(rows, length, dim)`, after one network call for each entry of `grid` but the last.

    Args:
        network: f_theta(z_t, t) -> z0_hat.
        source: clean vectors `(rows, length, dim)`; read at source positions alone.
        is_target: bool `(rows, length)`.
        grid: decreasing steps from T to 0, of `grid.time_grid`.
        alpha_bar: float64 `(T + 1,)`.
        solver: the rule for one step.
        noise: one row a row of `source`.
        temperature: factor of all noise, the first state's included: the knob that trades
            quality for diversity. 1 is the model's own distribution.
        clamp: moves every z0_hat to the embeddings; None leaves it as predicted.
        on_step: called with the number of the step and the state after it.

    Source: arXiv 2210.08933, section 3.2; arXiv 2006.11239, algorithm 2.
    Deviates: no earlier state is kept; the official code keeps all of them.
    """
    shape = tuple(source.shape[1:])
    levels = alpha_bar.cpu()

    def draw(step: int) -> Tensor:
        return temperature * noise.normal(shape, step=step, stream="reverse")

    z = anchor(draw(0), source, is_target)
    previous: tuple[Tensor, Tensor] | None = None
    for number, (t, s) in enumerate(pairwise(grid), start=1):
        times = torch.full((len(z),), t, dtype=torch.int64, device=z.device)
        z0_hat = network(z, times)
        if clamp is not None:
            z0_hat = clamp(z0_hat)
        eps = draw(number) if solver.stochastic and s > 0 else None
        move = Transition(levels[t], levels[s], previous)
        z = anchor(solver.step(z, z0_hat, eps, move), source, is_target)
        previous = (levels[t], z0_hat)
        if on_step is not None:
            on_step(number, z)
    return z
