"""The largest micro batch that fits into the memory of the device, found before training.

The rows that take most, the longest of the train split, pass once forward and backward beside
as much memory as gradients and the optimiser will hold. Where memory runs out, half as many are tried.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence

import torch
from torch import nn

from benchmark.api import Example, UserError

_KEPT_COPIES = 3
"""Of all weights while an update runs: gradients of earlier micro batches and two of AdamW."""


def longest(examples: Sequence[Example], count: int) -> list[Example]:
    """The `count` longest pairs, in characters; each several times if there are fewer."""
    ranked = sorted(examples, key=lambda e: len(e.source) + len(e.target), reverse=True)
    return [ranked[row % min(count, len(ranked))] for row in range(count)]


def find_micro_batch(
    batch: int, rehearse: Callable[[int], None], module: nn.Module, *, least: int = 1
) -> int:
    """`batch`, or the first of its halves (rounded up) that `rehearse` has memory for.

    Args:
        batch: rows of an update.
        rehearse: passes so many rows forward and backward.
        module: its gradients and buffers are afterwards as they were.
        least: fewer rows are not tried.

    Raises:
        UserError: if `least` rows do not fit.
    """
    size = batch
    while not _fits(size, rehearse, module):
        if size <= least:
            raise UserError(
                f"A micro batch of {size} does not fit into the memory of the device: shorten"
                " lengths, or make the network smaller."
            )
        size = max(least, -(-size // 2))
    return size


def _fits(size: int, rehearse: Callable[[int], None], module: nn.Module) -> bool:
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    try:
        kept = [torch.empty_like(p) for p in module.parameters() for _ in range(_KEPT_COPIES)]
        rehearse(size)
        del kept
        return True
    except torch.OutOfMemoryError:
        return False
    finally:
        module.zero_grad(set_to_none=True)
        for buffer, before in buffers:
            buffer.copy_(before)
        # What a failed call held is freed once its error is forgotten.
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
