"""Two that learn the same: `diffuseq`, and the published procedure from the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.api import Batch, Example, Noise
from benchmark.timing.published_diffuseq import PublishedDiffuSeq
from benchmark.training.ema import moving_average

CANVAS, ROOM = 128, 32
"""Tokens of the whole canvas, and those of it that are kept for the target."""
LEARNING_RATE = 2e-3


class Learner:
    """One side with its optimiser.

    Args:
        system: a `diffuseq`, which learns itself unless `published` is set.
        published: whether the published procedure learns, with a copy of the system's weights.
        ema_decay: of the averaged weights; 0 keeps none.
    """

    def __init__(self, system: Any, *, published: bool = False, ema_decay: float = 0.0) -> None:
        self.system = system
        self.published = PublishedDiffuSeq(system) if published else None
        self.module: nn.Module = self.published or system.module
        self.network: nn.Module = self.published or system.network
        self.optimiser = torch.optim.AdamW(
            self.module.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True
        )
        self.average = moving_average(self.module, ema_decay)
        self.module.train()

    def update(self, batch: Batch, noise: Noise) -> Tensor:
        """One update; returns the loss before it."""
        loss = self._loss(batch, noise)
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update_parameters(self.module)
        return loss.detach()

    def readout(self) -> tuple[Tensor, Tensor]:
        """Embeddings of all tokens `(vocab, dim)`, and bias of the output layer `(vocab,)`."""
        if self.published is not None:
            return self.published.table, self.published.bias
        return self.system.module.readout.weight, self.system.module.readout.bias

    def denoise(self, z_0: Tensor, batch: Batch, noise: Noise) -> tuple[Tensor, Tensor]:
        """Steps t, even over 1..T, and z0_hat from z_0 with the noise of t on the target."""
        alpha_bar = self.system.module.alpha_bar
        t = self._draw_steps(noise)
        level = alpha_bar[t].float()[:, None, None]
        eps = noise.normal(tuple(z_0.shape[1:]), stream="forward")
        noised = level.sqrt() * z_0 + (1 - level).sqrt() * eps
        z_t = torch.where(batch["is_target"][..., None], noised, z_0)
        if self.published is not None:
            return t, self.published(z_t, t)
        return t, self.system.module.denoiser(z_t, t, batch.get("present"))

    def _draw_steps(self, noise: Noise) -> Tensor:
        steps: Tensor = self.system.module.evenly.draw(noise.uniform((1,), stream="t")[:, 0])[0]
        return steps

    def _loss(self, batch: Batch, noise: Noise) -> Tensor:
        if self.published is None:
            total: Tensor = self.system.loss(batch, noise).total
            return total
        ids = batch["ids"]
        shape = (ids.shape[1], self.published.table.shape[1])
        eps = [noise.normal(shape, stream=name) for name in ("start", "forward")]
        return self.published.loss(ids, batch["is_target"], self._draw_steps(noise), *eps)


def batch_of(train: Sequence[Example], update: int, size: int) -> tuple[list[Example], list[str]]:
    """The pairs of an update, one after the other over and over, and ids that key their noise."""
    pairs = [train[(update * size + row) % len(train)] for row in range(size)]
    return pairs, [f"update {update} row {row}" for row in range(size)]
