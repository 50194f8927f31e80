"""Muon: matrices are moved along all of their directions alike.

Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), of which
are the coefficients; arXiv 2502.16982, sec. 2.2 (the size of a step).

Deviates: both codes, and torch's own Muon, count in bfloat16, which is fast on GPUs. Processors
without instructions for it take many times as long (`python -m benchmark.speed muon`), and those
with them round otherwise. Here everything is in the type of the weights, which is float32, and
matrices of one shape take a step together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

COEFFICIENTS = 3.4445, -4.775, 2.0315
"""Of the odd polynomial that is steepest at 0: it takes singular values from (0, 1] to about 1."""
MATCH_ADAMW = 0.2
"""The root mean square of a step of AdamW beside its rate."""
_LEAST_NORM = 1e-7


class Muon(Optimizer):
    """Momentum whose singular values are made equal, for matrices alone.

    A step is as large as one of AdamW at the same rate.

    Args:
        matrices: the weights `(rows, columns)`.
        lr: the learning rate.
        weight_decay: share of the weights, times the rate, that a step takes away.
        momentum: share of the gradients before in the mean of gradients, which looks ahead
            (Nesterov).
        steps: of `orthogonalise`.

    Raises:
        ValueError: for a weight that is no matrix.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        *,
        lr: float,
        weight_decay: float,
        steps: int,
        momentum: float = 0.95,
    ) -> None:
        matrices = list(matrices)
        for matrix in matrices:
            if matrix.ndim != 2:
                raise ValueError(
                    f"Muon moves matrices, not weights of shape {tuple(matrix.shape)}."
                )
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "steps": steps}
        super().__init__(matrices, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move the matrices that have a gradient; `closure` computes a loss before."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            of_shape: dict[tuple[int, int], list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    rows, columns = matrix.shape
                    shape = min(rows, columns), max(rows, columns)
                    of_shape.setdefault(shape, []).append(matrix)
            for matrices in of_shape.values():
                ahead = [self._look_ahead(matrix, group["momentum"]) for matrix in matrices]
                directions = orthogonalise(torch.stack(ahead), group["steps"])
                for matrix, direction in zip(matrices, directions, strict=True):
                    size = MATCH_ADAMW * math.sqrt(max(matrix.shape))
                    matrix.mul_(1 - group["lr"] * group["weight_decay"])
                    matrix.add_(_lay_wide(direction, matrix), alpha=-group["lr"] * size)
        return loss

    def _look_ahead(self, matrix: Tensor, momentum: float) -> Tensor:
        """The mean of gradients after the next one like the last; no higher than wide."""
        state, gradient = self.state[matrix], matrix.grad
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        mean = state["momentum_buffer"].lerp_(gradient, 1 - momentum)
        return _lay_wide(gradient.lerp(mean, momentum), matrix)


def orthogonalise(matrices: Tensor, steps: int) -> Tensor:
    """The matrices with singular values of about 1, by Newton and Schulz.

    Args:
        matrices: `(count, rows, columns)`, no higher than wide.
        steps: of the iteration; after few of them small singular values are still small.
    """
    a, b, c = COEFFICIENTS
    norms = torch.linalg.matrix_norm(matrices, keepdim=True)
    x = matrices / norms.clamp(min=_LEAST_NORM)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _lay_wide(values: Tensor, matrix: Tensor) -> Tensor:
    """`values`, transposed if `matrix` is higher than wide; twice is not at all."""
    return values.mT if matrix.shape[0] > matrix.shape[1] else values
