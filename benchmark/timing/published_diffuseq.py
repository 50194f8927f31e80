"""DiffuSeq as published, written out plainly: the other side of `benchmark.speed diffuseq`.

Every row is padded to the whole canvas, attention forms its whole matrix, and the rounding loss
all logits at once; noise is torch's. Sampling takes every step, moves each prediction to the
nearest embeddings by a matrix of all distances, and keeps all states. All in float32.

Source: arXiv 2210.08933, section 3 and appendix, with what its code does beside the paper.
It takes the weights of a `diffuseq`, so that both sides are the same function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class PublishedDiffuSeq(nn.Module):
    """Network without dropout, objective and sampler.

    Args:
        system: a `diffuseq`, of which this is the same function; its weights are copied.
    """

    def __init__(self, system: Any) -> None:
        super().__init__()
        # A parameter's name may not hold a dot.
        self.weights = nn.ParameterDict(
            {
                name.replace(".", "|"): nn.Parameter(value.detach().clone())
                for name, value in system.module.state_dict().items()
                if name.startswith(("readout.", "denoiser."))
            }
        )
        self.heads, self.layers = system.config.heads, system.config.layers
        self.alpha_bar: Tensor
        self.register_buffer("alpha_bar", system.module.alpha_bar.double(), persistent=False)

    @property
    def table(self) -> Tensor:
        """The embedding of every token `(vocab, dim)`."""
        return self._weight("readout.weight")

    @property
    def bias(self) -> Tensor:
        """Of the output layer `(vocab,)`."""
        return self._weight("readout.bias")

    def forward(self, z_t: Tensor, t: Tensor) -> Tensor:
        """z0_hat `(rows, canvas, dim)` from z_t and steps `(rows,)`, 1..T."""
        steps = len(self.alpha_bar) - 1
        half = self._weight("denoiser.time.0.weight").size(1) // 2
        frequencies = torch.exp(torch.arange(half, device=t.device) * (-math.log(1e4) / half))
        angles = ((t - 1).float() * (1000.0 / steps))[:, None] * frequencies
        time = self._linear("denoiser.time.0", torch.cat((angles.cos(), angles.sin()), dim=-1))
        time = self._linear("denoiser.time.2", functional.silu(time))
        h = self._linear("denoiser.project_in.2", self._tanh("denoiser.project_in.0", z_t))
        h = h + self._weight("denoiser.positions")[: z_t.size(1)] + time[:, None]
        h = self._norm("denoiser.norm", h)
        for layer in range(self.layers):
            h = self._block(f"denoiser.blocks.{layer}", h)
        return self._linear("denoiser.project_out.2", self._tanh("denoiser.project_out.0", h))

    def loss(
        self, ids: Tensor, is_target: Tensor, t: Tensor, start_eps: Tensor, eps: Tensor
    ) -> Tensor:
        """The sum of the three terms, mean over rows.

        Args:
            ids: int64 `(rows, canvas)`, padded to the end.
            is_target: bool `(rows, canvas)`; padding belongs to the target.
            t: steps 1..T `(rows,)`.
            start_eps: standard normal `(rows, canvas, dim)`, of z_0.
            eps: standard normal `(rows, canvas, dim)`, of z_t.
        """
        embedding = self.table[ids]
        alpha_bar = self.alpha_bar.float()
        z_0 = embedding + (1 - alpha_bar[1]).sqrt() * start_eps
        level = alpha_bar[t][:, None, None]
        z_t = torch.where(is_target[..., None], level.sqrt() * z_0 + (1 - level).sqrt() * eps, z_0)
        z0_hat = self(z_t, t)
        goal = torch.where((t == 1)[:, None, None], embedding, z_0)
        mse = (goal - z0_hat).square().mean((1, 2))
        prior = (alpha_bar[-1].sqrt() * z_0).square().mean((1, 2))
        logits = z_0 @ self.table.T + self.bias
        nll = functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none").mean(1)
        return (mse + prior + nll).mean()

    @torch.no_grad()
    def sample(self, ids: Tensor, is_target: Tensor, generator: torch.Generator) -> Tensor:
        """Ids `(rows, canvas)` after T ancestral steps with the clamp at each.

        Args:
            ids: int64 `(rows, canvas)`, the source laid on it.
            is_target: bool `(rows, canvas)`.
            generator: of the noise.
        """
        table = self.table
        source = table[ids]
        alpha_bar = self.alpha_bar
        z_t = torch.where(is_target[..., None], _normal(source, generator), source)
        states = [z_t]
        for t in range(len(alpha_bar) - 1, 0, -1):
            times = torch.full((len(ids),), t, device=ids.device)
            z0_hat = table[self._nearest(self(z_t, times))]
            beta = 1 - alpha_bar[t] / alpha_bar[t - 1]
            to_z0 = beta * alpha_bar[t - 1].sqrt() / (1 - alpha_bar[t])
            to_zt = (1 - beta).sqrt() * (1 - alpha_bar[t - 1]) / (1 - alpha_bar[t])
            mean = to_z0.float() * z0_hat + to_zt.float() * z_t
            if t > 1:
                mean = mean + beta.sqrt().float() * _normal(source, generator)
            z_t = torch.where(is_target[..., None], mean, source)
            states.append(z_t)
        return (states[-1] @ table.T + self.bias).argmax(-1)

    def write(self, canvas: Any, sources: Sequence[str], seed: int) -> list[str]:
        """A text per source by `sample`, on the canvas of the system whose weights these are."""
        opened = canvas.open(sources)
        generator = torch.Generator().manual_seed(seed)
        rows = self.sample(opened.batch["ids"], opened.batch["is_target"], generator).tolist()
        return [
            canvas.read(row[start:end]).text
            for row, start, end in zip(rows, opened.starts, opened.ends, strict=True)
        ]

    def _nearest(self, z: Tensor) -> Tensor:
        table = self.table
        flat = z.reshape(-1, z.size(-1))
        distance = flat.square().sum(1, keepdim=True) + table.square().sum(1) - 2 * (flat @ table.T)
        return distance.clamp(min=0).argmin(1).view(z.shape[:-1])

    def _block(self, name: str, h: Tensor) -> Tensor:
        rows, canvas, width = h.shape
        qkv = self._linear(f"{name}.query_key_value", h)
        q, k, v = qkv.view(rows, canvas, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, canvas, width)
        h = self._norm(f"{name}.attention_norm", h + self._linear(f"{name}.attention_out", mixed))
        inner = functional.gelu(self._linear(f"{name}.ffn_in", h))
        return self._norm(f"{name}.ffn_norm", h + self._linear(f"{name}.ffn_out", inner))

    def _weight(self, name: str) -> Tensor:
        return self.weights[name.replace(".", "|")]

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"))

    def _tanh(self, name: str, x: Tensor) -> Tensor:
        return torch.tanh(self._linear(name, x))

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return functional.layer_norm(x, weight.shape, weight, bias, eps=1e-12)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device)
