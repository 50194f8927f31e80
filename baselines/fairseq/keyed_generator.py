"""Makes fairseq's draws, which come from torch's global generator, functions of our noise."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


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
        # Not torch.manual_seed: without a GPU it queues a traceback for one at every call.
        torch.default_generator.manual_seed(mixed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(mixed)
        yield
