"""Counter-based random numbers: a pure function of (seed, id, candidate, stream, step, position).

A sampler that draws from a shared generator gives different texts when the batch changes. Here each
number is the hash of its own address, so batch size, order and the number of candidates do not
matter, an interrupted run resumes exactly, and CPU and GPU agree (the integers bit for bit, the
normal numbers to rounding of log and cos).

Source: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_WORD = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def row_seed(seed: int, example_id: str, candidate: int) -> int:
    """The 63-bit key of one row; stable across machines and Python versions."""
    address = f"{seed}\x1f{example_id}\x1f{candidate}".encode()
    return int.from_bytes(hashlib.blake2b(address, digest_size=8).digest(), "little") >> 1


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]) -> Tensor:
    """Four random 32-bit words for every counter.

    Args:
        counter: four int64 tensors of 32-bit words that broadcast together.
        key: two int64 tensors of 32-bit words that broadcast with them.

    Returns:
        int64 tensor `(*broadcast, 4)` of words in [0, 2**32).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        # The product wraps modulo 2**64, which keeps both 32-bit halves correct.
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0 = ((p1 >> 32) & _WORD) ^ c1 ^ k0
        c2 = ((p0 >> 32) & _WORD) ^ c3 ^ k1
        c1, c3 = p1 & _WORD, p0 & _WORD
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return torch.stack(torch.broadcast_tensors(c0, c1, c2, c3), dim=-1)


@dataclass(frozen=True, slots=True)
class CounterNoise:
    """`benchmark.api.Noise`, one Philox key per row."""

    seeds: tuple[int, ...]
    keys: Tensor
    """The same seeds as int64 `(rows,)`, on the device of the returned numbers."""

    @classmethod
    def keyed(
        cls, seed: int, ids: Sequence[str], num_samples: int, device: str | torch.device
    ) -> CounterNoise:
        """The noise of `len(ids) * num_samples` rows, source-major."""
        seeds = tuple(row_seed(seed, i, k) for i in ids for k in range(num_samples))
        return cls(seeds, torch.tensor(seeds, dtype=torch.int64, device=device))

    def select(self, rows: Tensor) -> CounterNoise:
        """The noise of the rows with indices `rows` `(n,)`."""
        keys = self.keys[rows.to(self.keys.device)]
        return CounterNoise(tuple(self.seeds[r] for r in rows.tolist()), keys)

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)`, float32, by Box and Muller in float64."""
        words = self._words(-(-math.prod(shape) // 4), step, stream)
        pairs = words.to(torch.float64).view(*words.shape[:-1], 2, 2) / 2**32
        radius = (-2.0 * torch.log(pairs[..., 0] + 2.0**-33)).sqrt_()
        angle = (2.0 * math.pi) * pairs[..., 1]
        numbers = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=-1)
        return self._shaped(numbers.to(torch.float32), shape)

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers in [0, 1) `(rows, *shape)`, float64 with 53 random bits."""
        words = self._words(-(-math.prod(shape) // 2), step, stream)
        high, low = words[..., 0::2] >> 5, words[..., 1::2] >> 6
        return self._shaped(((high << 26) + low).to(torch.float64) * 2.0**-53, shape)

    def _words(self, blocks: int, step: int, stream: str) -> Tensor:
        """Words `(rows, blocks, 4)`; the counter is (block, step, stream, 0)."""
        block = torch.arange(blocks, device=self.keys.device)
        step_word, stream_word, zero = (
            torch.tensor(word, device=self.keys.device)
            for word in (step, zlib.crc32(stream.encode()), 0)
        )
        key = self.keys[:, None]
        return philox((block, step_word, stream_word, zero), (key & _WORD, key >> 32))

    def _shaped(self, numbers: Tensor, shape: tuple[int, ...]) -> Tensor:
        flat = numbers.flatten(1)[:, : math.prod(shape)]
        return flat.reshape(len(self.seeds), *shape)
