"""Noise of a few long steps, made of that of the many short ones that they replace.

Two samplers that follow the same path of noise differ by their steps alone, and the difference of
their scores has a far smaller error than that of two samplers with independent noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.api import Noise


@dataclass(frozen=True)
class CoupledNoise:
    """A `Noise` for a sampler that strides evenly over a chain of T steps.

    Step `n` of `nfe` goes from t to s; its numbers are the weighted sum of those that `fine` holds
    for the steps t -> t - 1 -> ... -> s of the whole chain, with the weights by which they would
    add up if the prediction stayed what it is. They are standard normal again.

    Args:
        fine: noise of the whole chain, of which step 1 goes from T to T - 1.
        alpha_bar: float64 `(T + 1,)`.
        nfe: a divisor of T.
    """

    fine: Noise
    alpha_bar: Tensor
    nfe: int

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those of the rows."""
        return self.fine.seeds

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)` of the step, counted from 1; 0 is the start."""
        if step == 0:
            return self.fine.normal(shape, stream=stream)
        steps = len(self.alpha_bar) - 1
        stride = steps // self.nfe
        first = (step - 1) * stride + 1
        weights = path_weights(self.alpha_bar, steps - first + 1, steps - first + 1 - stride)
        total = torch.zeros(())
        for offset, weight in enumerate(weights):
            total = total + weight * self.fine.normal(shape, step=first + offset, stream=stream)
        return total

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers are not coupled."""
        return self.fine.uniform(shape, step=step, stream=stream)

    def select(self, rows: Tensor) -> CoupledNoise:
        """The noise of some rows."""
        return CoupledNoise(self.fine.select(rows), self.alpha_bar, self.nfe)


class Remembered:
    """A `Noise` that draws every step once and keeps it, for several samplers of the same rows."""

    def __init__(self, noise: Noise) -> None:
        self.noise = noise
        self.drawn: dict[tuple[tuple[int, ...], int, str], Tensor] = {}

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those of the rows."""
        return self.noise.seeds

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """The numbers of the step, the same tensor every time."""
        address = (shape, step, stream)
        if address not in self.drawn:
            self.drawn[address] = self.noise.normal(shape, step=step, stream=stream)
        return self.drawn[address]

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers are not kept."""
        return self.noise.uniform(shape, step=step, stream=stream)

    def select(self, rows: Tensor) -> Noise:
        """The noise of some rows."""
        return self.noise.select(rows)


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
