"""The network f_theta(z_t, t) -> z0_hat: a BERT-like encoder over source and target alike.

Source: arXiv 2210.08933, section 4.1, "Implementation Details"; the shape of arXiv 2205.14217,
appendix B, and of arXiv 1810.04805, section 3 (post-layer-norm blocks).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_CLOCK = 1000.0
"""Steps are given to the network on the scale 0..1000, whatever T is."""


class Denoiser(nn.Module):
    """Transformer encoder from noised to clean vectors; every position attends to every other.

    Padding is attended to: it is diffused with the target, and that is how length is learnt.
    """

    def __init__(
        self,
        *,
        dim: int,
        width: int,
        layers: int,
        heads: int,
        ffn: int,
        time_dim: int,
        canvas: int,
        diffusion_steps: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.time_dim = time_dim
        self.diffusion_steps = diffusion_steps
        self.project_in = projection(dim, width, width)
        self.project_out = projection(width, width, dim)
        self.positions = nn.Parameter(torch.randn(canvas, width))
        self.time = nn.Sequential(
            nn.Linear(time_dim, 4 * time_dim), nn.SiLU(), nn.Linear(4 * time_dim, width)
        )
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, ffn, dropout) for _ in range(layers))

    def forward(self, z_t: Tensor, t: Tensor, present: Tensor | None = None) -> Tensor:
        """z0_hat `(batch, length, dim)`.

        Args:
            z_t: `(batch, length, dim)`.
            t: steps 1..T, int64 `(batch,)`.
            present: True on the canvas of a row, bool `(batch, length)`; None means everywhere.
        """
        # The first step is given as 0, as in the papers' code, which counts from 0.
        clock = (t - 1).to(torch.float32) * (_CLOCK / self.diffusion_steps)
        time = self.time(sinusoidal(clock, self.time_dim))[:, None]  # (B, 1, width)
        h = self.project_in(z_t) + self.positions[: z_t.shape[1]] + time
        h = self.dropout(self.norm(h))
        mask = None if present is None else present[:, None, None, :]
        for block in self.blocks:
            h = block(h, mask)
        return self.project_out(h)


class Block(nn.Module):
    """Self-attention and feed-forward layer, each followed by its layer norm."""

    def __init__(self, width: int, heads: int, ffn: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_dropout = dropout
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.ffn_in = nn.Linear(width, ffn)
        self.ffn_out = nn.Linear(ffn, width)
        self.ffn_norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(batch, length, width)` to the same shape; `mask` is True where attention is allowed."""
        # Gradients of three parts of a row are joined once; those of a permuted tensor, copied too.
        parts = self.query_key_value(h).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        dropout = self.attention_dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        mixed = self.attention_out(mixed.transpose(1, 2).flatten(2))
        h = self.attention_norm(h + self.dropout(mixed))
        return self.ffn_norm(h + self.dropout(self.ffn_out(functional.gelu(self.ffn_in(h)))))


def sinusoidal(clock: Tensor, dim: int) -> Tensor:
    """Sines and cosines `(batch, dim)` of `clock` `(batch,)` at geometric frequencies.

    Source: arXiv 1706.03762, section 3.5, cosines first.
    """
    half = dim // 2
    frequency = torch.exp(
        torch.arange(half, dtype=torch.float32, device=clock.device) * (-math.log(1e4) / half)
    )
    angle = clock[:, None] * frequency
    return torch.cat((angle.cos(), angle.sin()), dim=-1)


def projection(dim_in: int, width: int, dim_out: int) -> nn.Sequential:
    """Linear, tanh, linear: between the size of embeddings and that of the blocks."""
    return nn.Sequential(nn.Linear(dim_in, width), nn.Tanh(), nn.Linear(width, dim_out))
