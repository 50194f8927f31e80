"""The device and the threads that a process computes with."""

from __future__ import annotations

import os

from benchmark.api import UserError
from benchmark.runtime.allocator import keep_freed_memory


def choose_device(name: str) -> str:
    """The device behind `--device`.

    Raises:
        UserError: if the device does not exist.
    """
    if name == "cpu":
        return name
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name != "cuda":
        raise UserError(f"There is no device {name!r}: use auto, cpu or cuda.")
    if not torch.cuda.is_available():
        raise UserError("--device cuda: torch finds no GPU here; use --device cpu.")
    return name


def default_jobs(threads: int, device: str) -> int:
    """Number of trials run at the same time if `--jobs` is omitted."""
    if device != "cpu":
        return 1
    return max(1, (count_cores() or 1) // threads)


def count_cores() -> int | None:
    """Cores that this process may use; None if the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def set_threads(threads: int) -> None:
    """Fix the number of threads before computing, so that sums keep their order."""
    import torch

    keep_freed_memory()
    torch.set_num_threads(threads)
    # Denormal numbers of vanishing gradients and averages cost ten times as much.
    torch.set_flush_denormal(True)
