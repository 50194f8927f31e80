"""Philox: random numbers as a hash of their address, in few kernels and without a copy to a device.

Source: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); for
normal numbers Box and Muller in float64.

On a GPU a draw is compiled into a few kernels: as written it would be over a hundred, and with them
two thirds of all that a forward pass of training launches. The integers are the same bit for bit.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import torch
from torch import Tensor

_WORD = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10

_log = logging.getLogger(__name__)


def philox(
    counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Four random 32-bit words for every counter: the first and third, the second and fourth.

    Args:
        counter: four int64 tensors of 32-bit words that broadcast together.
        key: two that broadcast with them.

    Returns:
        Two int64 tensors `(*broadcast, 2)` of words in [0, 2**32).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for number in range(_ROUNDS):
        if number:
            k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
        # The product wraps modulo 2**64, which keeps both 32-bit halves correct.
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        # c1 and c3 keep the upper half of their product: the mask takes it off where it is used.
        c0 = ((p1 >> 32) ^ c1 ^ k0).bitwise_and_(_WORD)
        c2 = ((p0 >> 32) ^ c3 ^ k1).bitwise_and_(_WORD)
        c1, c3 = p1, p0
    c0, c1, c2, c3 = torch.broadcast_tensors(c0, c1, c2, c3)
    return torch.stack((c0, c2), dim=-1), torch.stack((c1, c3), dim=-1).bitwise_and_(_WORD)


def draw_normal(keys: Tensor, count: int, step: int, stream: int) -> Tensor:
    """Standard normal numbers `(rows, count)`, float32.

    Args:
        keys: one of 63 bits per row, int64 `(rows,)`.
        count: numbers of a row; a longer one begins with the same.
        step: 32-bit word of the address.
        stream: another.
    """
    if keys.is_cuda:
        return torch.ops.diffuseq_bench.normal(keys, count, step, stream)
    return _normal(keys, count, torch.tensor(step), torch.tensor(stream))


def draw_uniform(keys: Tensor, count: int, step: int, stream: int) -> Tensor:
    """Uniform numbers in [0, 1) `(rows, count)`, float64 with 53 random bits.

    Args:
        keys: one of 63 bits per row, int64 `(rows,)`.
        count: numbers of a row; a longer one begins with the same.
        step: 32-bit word of the address.
        stream: another.
    """
    if keys.is_cuda:
        return torch.ops.diffuseq_bench.uniform(keys, count, step, stream)
    return _uniform(keys, count, torch.tensor(step), torch.tensor(stream))


def _normal(keys: Tensor, count: int, step: Tensor, stream: Tensor) -> Tensor:
    first, second = _words(keys, -(-count // 4), step, stream)
    radius = first.to(torch.float64).div_(2**32).add_(2.0**-33).log_().mul_(-2.0).sqrt_()
    angle = second.to(torch.float64).div_(2**32).mul_(2.0 * math.pi)
    numbers = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=-1)
    return numbers.to(torch.float32).flatten(1)[:, :count]


def _uniform(keys: Tensor, count: int, step: Tensor, stream: Tensor) -> Tensor:
    first, second = _words(keys, -(-count // 2), step, stream)
    numbers = (((first >> 5) << 26) + (second >> 6)).to(torch.float64) * 2.0**-53
    return numbers.flatten(1)[:, :count]


def _words(keys: Tensor, blocks: int, step: Tensor, stream: Tensor) -> tuple[Tensor, Tensor]:
    """Words `(rows, blocks, 2)` twice; the counter is (block, step, stream, 0)."""
    block = torch.arange(blocks, device=keys.device)
    key = keys[:, None]
    return philox((block, step, stream, torch.zeros_like(step)), (key & _WORD, key >> 32))


class _Fused:
    """A draw as an operator of torch, which compiles what is written above."""

    def __init__(self, name: str, written: Callable[..., Tensor], dtype: torch.dtype) -> None:
        self.name, self.written, self.dtype = name, written, dtype
        self.fast: Callable[..., Tensor] | None = None
        """Compiled at the first draw; what is written where that fails."""
        operator = f"diffuseq_bench::{name}"
        torch.library.define(operator, "(Tensor keys, int count, int step, int stream) -> Tensor")
        torch.library.impl(operator, "cuda", self.draw)
        torch.library.register_fake(operator, self.shape)

    def draw(self, keys: Tensor, count: int, step: int, stream: int) -> Tensor:
        # A fill is a launch, where the copy of a number would wait for all launched before.
        both = torch.full((), step << 32 | stream, dtype=torch.int64, device=keys.device)
        address = both >> 32, both & _WORD
        if self.fast is self.written:
            return self.written(keys, count, *address)
        try:
            if self.fast is None:
                self.fast = torch.compile(self.written, dynamic=True)
            return self.fast(keys, count, *address)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever the compiler raises
            reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
            _log.warning("noise is drawn in many kernels, as it cannot be compiled: %s", reason)
            self.fast = self.written
        return self.written(keys, count, *address)

    def shape(self, keys: Tensor, count: int, step: int, stream: int) -> Tensor:
        return keys.new_empty((len(keys), count), dtype=self.dtype)


_NORMAL = _Fused("normal", _normal, torch.float32)
_UNIFORM = _Fused("uniform", _uniform, torch.float64)
