"""Counter-based random numbers: a pure function of (seed, id, candidate, stream, step, position).

A sampler that draws from a shared generator gives different texts when the batch changes. Here each
number is the hash of its own address, so batch size, order and the number of candidates do not
matter, an interrupted run resumes exactly, and CPU and GPU agree (the integers bit for bit, the
normal numbers to rounding of log and cos).

The numbers themselves are in `benchmark.api.philox`.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.api.philox import draw_normal, draw_uniform


def row_seed(seed: int, example_id: str, candidate: int) -> int:
    """The 63-bit key of one row; stable across machines and Python versions."""
    address = f"{seed}\x1f{example_id}\x1f{candidate}".encode()
    return int.from_bytes(hashlib.blake2b(address, digest_size=8).digest(), "little") >> 1


def seed_torch(seed: int, device: str | torch.device = "cpu") -> None:
    """Seed torch's own generators, of the processor and of `device`, from which dropout draws.

    The same numbers as after `torch.manual_seed`, which without a GPU keeps a traceback for one at
    every call, in a list that only grows.
    """
    torch.default_generator.manual_seed(seed)
    device = torch.device(device)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)


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
        keys = torch.tensor(seeds, dtype=torch.int64)
        if torch.device(device).type == "cuda":
            # From pinned memory a copy does not wait for what the device still has to do.
            keys = keys.pin_memory().to(device, non_blocking=True)
        return cls(seeds, keys)

    def select(self, rows: Tensor) -> CounterNoise:
        """The noise of the rows with indices `rows` `(n,)`."""
        keys = self.keys[rows.to(self.keys.device)]
        return CounterNoise(tuple(self.seeds[r] for r in rows.tolist()), keys)

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)`, float32, by Box and Muller in float64."""
        return self._shaped(draw_normal(self.keys, math.prod(shape), step, _word(stream)), shape)

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers in [0, 1) `(rows, *shape)`, float64 with 53 random bits."""
        return self._shaped(draw_uniform(self.keys, math.prod(shape), step, _word(stream)), shape)

    def _shaped(self, numbers: Tensor, shape: tuple[int, ...]) -> Tensor:
        return numbers.reshape(len(self.seeds), *shape)


def _word(stream: str) -> int:
    return zlib.crc32(stream.encode())
