"""Makes fairseq's draws, which come from torch's global generator, functions of our noise."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from benchmark.api import seed_torch


@contextmanager
def keyed_generator(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators inside the block, and restore them afterwards.

    Args:
        seed: key of a row, one of `Noise.seeds`.
        step: number of the draw.
        device: where the draws happen, besides the CPU.
    """
    # Steps are spread over all bits: the CPU's generator reads the low 32 of its seed.
    mixed = (seed ^ (step * 0x9E3779B97F4A7C15)) % 2**63
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed_torch(mixed, device)
        yield
