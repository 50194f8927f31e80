"""The largest micro batch that fits into the memory of the device, found before training.

The rows that take most, the longest of the train split, pass once forward and backward beside as
much memory as gradients and the optimiser will hold. Where memory runs out, half as many are tried.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmark.api import Example, UserError
from benchmark.runtime.distributed import Processes
from benchmark.store.files import write_text

MICRO_BATCH = "micro_batch.txt"
"""The file with what was found, so that a training that resumes takes the same."""
MOST_ON_CPU = 64
"""Larger ones gain nothing on a CPU, where a system short of memory gives no warning."""
_KEPT_COPIES = 3
"""Of all weights while an update runs: gradients of earlier micro batches, and two of AdamW."""

Rehearse = Callable[[Sequence[Example]], None]
"""Passes examples forward and backward."""


@dataclass(frozen=True)
class MicroBatchFinder:
    """Looks for the micro batch of one training.

    Args:
        train: examples.
        batch: of an update.
        module: what is trained; its gradients and buffers are as they were afterwards.
        folder: of the training.
        processes: share every micro batch; the smallest found counts.
    """

    train: Sequence[Example]
    batch: int
    module: nn.Module
    folder: Path
    processes: Processes

    def read(self) -> int | None:
        """What was found before, if anything."""
        path = self.folder / MICRO_BATCH
        text = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else ""
        # A file that was cut when the process was killed is written again.
        return int(text) if text.isascii() and text.isdecimal() else None

    def find(self, rehearse: Rehearse, device_type: str) -> int:
        """The batch, or the first of its halves (rounded up) that there is memory for.

        Raises:
            UserError: if one row for each process is too much.
        """
        processes, least = self.processes, self.processes.count
        size = self.batch if device_type != "cpu" else min(self.batch, MOST_ON_CPU)
        examples = longest(self.train, size)
        while not self._fits(rehearse, examples[: -(-size // least)]):
            if size <= least:
                raise UserError(
                    f"A micro batch of {size} does not fit into the memory of the device: shorten"
                    " lengths, or make the network smaller."
                )
            size = max(least, -(-size // 2))
        size = min(processes.gather(size))
        if processes.is_main:
            write_text(self.folder / MICRO_BATCH, f"{size}\n")
        return size

    def _fits(self, rehearse: Rehearse, examples: Sequence[Example]) -> bool:
        module = self.module
        buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
        try:
            kept = [torch.empty_like(p) for p in module.parameters() for _ in range(_KEPT_COPIES)]
            rehearse(examples)
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


def longest(examples: Sequence[Example], count: int) -> list[Example]:
    """The `count` longest pairs, in characters; some several times if there are fewer."""
    ranked = sorted(examples, key=lambda e: len(e.source) + len(e.target), reverse=True)
    return [ranked[row % min(count, len(ranked))] for row in range(count)]


def check_shares(micro: int, batch: int, processes: Processes) -> None:
    """Refuse batches that leave a process without an example.

    Raises:
        UserError: if one does.
    """
    smallest = min(micro, batch % micro or micro, batch)
    if smallest < processes.count:
        raise UserError(
            f"A batch of {smallest} examples cannot be divided among {processes.count} processes:"
            " raise training.batch or training.micro_batch, or start fewer processes."
        )
