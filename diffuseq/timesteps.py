"""How training draws its time steps t: uniformly, or where the loss is large.

A drawer is a module, so that its state lies in buffers and a resumed run draws like an
uninterrupted one. It keeps no random state: it receives uniform numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

HISTORY = 10
"""Losses kept for every step."""

UNIFORM_SHARE = 0.001
"""Share of the probability that stays uniform, so that every step can be drawn."""


class UniformTimesteps(nn.Module):
    """t uniform on 1..T, all weights 1."""

    def __init__(self, diffusion_steps: int) -> None:
        super().__init__()
        self.diffusion_steps = diffusion_steps

    def draw(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Steps `(batch,)` and weights `(batch,)` from uniform float64 numbers in [0, 1)."""
        t = (u * self.diffusion_steps).long().clamp(max=self.diffusion_steps - 1) + 1
        return t, torch.ones_like(u)

    def observe(self, t: Tensor, losses: Tensor) -> None:
        """Nothing is learnt."""


class LossSecondMoment(nn.Module):
    """t with probability in proportion to the root mean square of its last ten losses.

    Uniform until every step has ten losses. The weight 1 / (T p_t) keeps the expected loss
    that of uniform steps.

    Source: arXiv 2102.09672, section 3.3, eq. 18; arXiv 2210.08933, eq. 3. Deviates: a
    non-finite loss is omitted, while in the official code probabilities become NaN.
    """

    history: Tensor
    seen: Tensor

    def __init__(self, diffusion_steps: int) -> None:
        super().__init__()
        self.diffusion_steps = diffusion_steps
        self._join: Callable[[Tensor], Tensor] | None = None
        history = torch.zeros(diffusion_steps, HISTORY, dtype=torch.float64)
        self.register_buffer("history", history)
        self.register_buffer("seen", torch.zeros(diffusion_steps, dtype=torch.int64))

    def learn_from_all(self, join: Callable[[Tensor], Tensor] | None) -> None:
        """Let `observe` use the rows of all processes, or only of this one (None).

        Args:
            join: turns the rows `(n, ...)` of this process into those of all, in order.
        """
        self._join = join

    def probabilities(self) -> Tensor:
        """p_t of t = 1..T, float64 `(T,)`."""
        uniform = torch.full_like(self.history[:, 0], 1.0 / self.diffusion_steps)
        size = self.history.square().mean(-1).sqrt()
        learnt = (1.0 - UNIFORM_SHARE) * size / size.sum() + UNIFORM_SHARE * uniform
        is_warm = (self.seen >= HISTORY).all() & (size.sum() > 0)
        return torch.where(is_warm, learnt, uniform)

    def draw(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Steps `(batch,)` and weights `(batch,)` from uniform float64 numbers in [0, 1)."""
        p = self.probabilities()
        index = torch.searchsorted(p.cumsum(0), u.to(torch.float64).contiguous(), right=True)
        index = index.clamp(max=self.diffusion_steps - 1)
        return index + 1, 1.0 / (self.diffusion_steps * p[index])

    @torch.no_grad()
    def observe(self, t: Tensor, losses: Tensor) -> None:
        """Record the losses `(batch,)` of the steps `t` `(batch,)`, in order."""
        losses = losses.detach().to(torch.float64)
        if self._join is not None:
            # float64 holds every step exactly.
            t, losses = self._join(torch.stack((t.to(torch.float64), losses), dim=1)).unbind(1)
            t = t.long()
        # What is not written goes to a place behind the history: choosing rows by a mask would wait
        # for the device.
        steps = self.diffusion_steps
        index = torch.where(losses.isfinite(), t - 1, steps)
        order = torch.argsort(index, stable=True)
        index, losses = index[order], losses[order]
        begin = torch.searchsorted(index, index)
        count = torch.searchsorted(index, index, right=True) - begin
        rank = torch.arange(len(index), device=index.device) - begin
        # If a step has more than ten losses, only the last ten are written, or slots would collide.
        is_step = index < steps
        is_kept = is_step & (rank >= count - HISTORY)
        row = index.clamp(max=steps - 1)
        slot = (self.seen[row] + rank) % HISTORY
        written = torch.cat((self.history.flatten(), losses.new_zeros(1)))
        written[torch.where(is_kept, row * HISTORY + slot, steps * HISTORY)] = losses
        self.history.copy_(written[:-1].view_as(self.history))
        self.seen.index_add_(0, row, is_step.to(self.seen.dtype))
