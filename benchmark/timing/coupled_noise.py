"""Noise of a few long steps, made of that of the many short ones that they replace.

Two samplers that follow the same path of noise differ by their steps alone, and the difference of
their scores has a far smaller error than that of two samplers with independent noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CoupledNoise:
    """Noise for a sampler on a grid of whole steps of a chain of T.

    Step `n` goes from t to s; its numbers are the weighted sum of those that `draw` gives
    for the steps t -> t - 1 -> ... -> s of the whole chain, with the weights by which they would
    add up if the prediction stayed what it is. They are standard normal again.

    Args:
        draw: `normal` of a `benchmark.api.Noise` for the whole chain, of which step 1 goes from T
            to T - 1. With `functools.cache` around it, several samplers draw each step once.
        alpha_bar: float64 `(T + 1,)`.
        grid: of the sampler, decreasing from T to 0.
    """

    draw: Callable[..., Tensor]
    alpha_bar: Tensor
    grid: tuple[float, ...]

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)` of the step, counted from 1; 0 is the start."""
        if step == 0:
            return self.draw(shape, step=0, stream=stream)
        t, s = (int(time) for time in self.grid[step - 1 : step + 1])
        first = int(self.grid[0]) - t + 1
        weights = path_weights(self.alpha_bar, t, s)
        total = torch.zeros(())
        for offset, weight in enumerate(weights):
            total = total + weight * self.draw(shape, step=first + offset, stream=stream)
        return total


def path_weights(alpha_bar: Tensor, t: int, s: int) -> Sequence[float]:
    """Weights of the noise of the steps t -> t - 1, ..., s + 1 -> s, of square sum 1.

    z_{j-1} = a_j z0_hat + b_j z_j + sqrt(beta_j) eps_j, so that eps_j comes to z_s with the factor
    sqrt(beta_j) b_{j-1} ... b_{s+1}.

    Args:
        alpha_bar: float64 `(T + 1,)`.
        t: first step.
        s: where the path ends, s < t.

    Source: arXiv 2006.11239, eq. 7 (b_j), with the variance beta_j.
    """
    if t == s + 1:
        return [1.0]
    a = alpha_bar.double().cpu()
    j = torch.arange(t, s, -1)
    kept = a[j] / a[j - 1]
    of_state = kept.sqrt() * (1.0 - a[j - 1]) / (1.0 - a[j])
    # Product of the factors of all later steps, 1 for the last.
    later = torch.cat((of_state[1:].flip(0).cumprod(0).flip(0), torch.ones(1, dtype=torch.float64)))
    weights = (1.0 - kept).sqrt() * later
    return (weights / weights.square().sum().sqrt()).tolist()
