"""Where a target ends: how it lies on the canvas in training, and how it is read back.

`canvas`: all positions are generated, and the text ends where the model writes eos; behind it
it learns to write padding, as DiffuSeq does (arXiv 2210.08933, section 4.1).
"""

from collections.abc import Mapping
from typing import Literal, Protocol

import torch
from torch import Tensor

from baselines.attention import Memory
from baselines.masked.denoiser import Denoiser
from baselines.texts import EncodedTexts


class LengthRule(Protocol):
    """How long a generated target is, and who says so."""

    predicted: bool
    """Whether the denoiser needs a length head."""

    def lay(self, targets: EncodedTexts, length: int, pad_id: int) -> Tensor:
        """x_0 of training targets, `(targets, length)`."""

    def inside(self, x_0: Tensor, pad_id: int) -> Tensor:
        """True on the canvas of training targets `(targets, length)`."""

    def open(self, denoiser: Denoiser, memory: Memory, per_source: int, length: int) -> Tensor:
        """True on the canvas of each candidate, `(sources * per_source, length)`."""


class WholeCanvas:
    """Every target has the whole canvas."""

    predicted = False

    def lay(self, targets: EncodedTexts, length: int, pad_id: int) -> Tensor:
        """Tokens, eos, padding."""
        return targets.padded(pad_id, length)

    def inside(self, x_0: Tensor, pad_id: int) -> Tensor:
        """Everywhere: padding is part of what is learnt."""
        return torch.ones_like(x_0, dtype=torch.bool)

    def open(self, denoiser: Denoiser, memory: Memory, per_source: int, length: int) -> Tensor:
        """Everywhere."""
        rows = memory.mask.size(0) * per_source
        return torch.ones(rows, length, dtype=torch.bool, device=memory.mask.device)


LengthName = Literal["canvas"]

LENGTHS: Mapping[str, LengthRule] = {"canvas": WholeCanvas()}
