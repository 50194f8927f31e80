"""Token, position and time embeddings of the baselines.

Source: Vaswani et al., arXiv 1706.03762, sections 3.4 (shared, scaled token embeddings) and
3.5 (sinusoidal positions).
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api import UserError

Positions = Literal["learned", "sinusoidal"]


class TokenEmbedding(nn.Embedding):
    """One table for source, target and output.

    Rows are drawn from N(0, 1/dim) and scaled by sqrt(dim) on the way in, so that inputs and
    logits both start at unit scale.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__(vocab_size, dim)
        nn.init.normal_(self.weight, std=dim**-0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Vectors `(..., dim)` of token ids `(...)`."""
        return super().forward(tokens) * math.sqrt(self.embedding_dim)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores `(..., vocab)` of hidden vectors `(..., dim)`: the tied output layer."""
        return functional.linear(hidden, self.weight)


class PositionEmbedding(nn.Module):
    """Vectors of the positions 0 .. length-1.

    Raises:
        UserError: if `kind` is unknown.
    """

    def __init__(self, length: int, dim: int, kind: Positions) -> None:
        super().__init__()
        self.table: nn.Embedding | None = None
        if kind == "learned":
            self.table = nn.Embedding(length, dim)
            # At the scale of the tokens: on a canvas of masks the positions are all there is
            # to tell one place from another, and a small start costs most of a short training.
            nn.init.normal_(self.table.weight)
        elif kind == "sinusoidal":
            vectors = sinusoids(torch.arange(length, dtype=torch.float64), dim)
            self.register_buffer("vectors", vectors.float(), persistent=False)
        else:
            raise UserError(f"positions {kind!r} is unknown: set it to 'learned' or 'sinusoidal'.")

    def forward(self, start: int, length: int) -> Tensor:
        """Vectors `(length, dim)` of the positions from `start` on."""
        table = self.get_buffer("vectors") if self.table is None else self.table.weight
        return table[start : start + length]


class TimeEmbedding(nn.Module):
    """Diffusion time in [0, 1] as a vector: sinusoids, then a two-layer network."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.net = nn.Sequential(nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Vectors `(rows, dim)` of times `(rows,)`."""
        # Times are scaled to 0..1000, the range for which these frequencies were designed.
        return self.net(sinusoids(1000.0 * t.double(), self.dim).float())


def sinusoids(values: Tensor, dim: int) -> Tensor:
    """Sines and cosines of `values` `(n,)` at `dim / 2` frequencies, `(n, dim)`, float64.

    Source: arXiv 1706.03762, section 3.5, with sines before cosines instead of interleaved.
    """
    half = dim // 2
    exponents = torch.arange(half, dtype=torch.float64, device=values.device) / half
    angles = values.double()[:, None] * torch.exp(-math.log(10_000.0) * exponents)
    return functional.pad(torch.cat((angles.sin(), angles.cos()), dim=-1), (0, dim - 2 * half))
