"""The device and the threads that a process computes with."""

from __future__ import annotations

import os
import re

from benchmark.api import UserError
from benchmark.runtime.allocator import keep_freed_memory


def choose_device(name: str) -> str:
    """The device behind `--device`; a GPU with a number is that of this process from now on.

    Raises:
        UserError: if the device does not exist.
    """
    if name == "cpu":
        return name
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cuda(:(0|[1-9][0-9]{0,3}))?", name):
        raise UserError(f"There is no device {name!r}: use auto, cpu, cuda or cuda:1.")
    if not torch.cuda.is_available():
        raise UserError(f"--device {name}: torch finds no GPU here; use --device cpu.")
    if (count := torch.cuda.device_count()) <= int(name.partition(":")[2] or 0):
        raise UserError(f"--device {name}: torch finds {count} GPUs here, numbered from 0.")
    use_device(name)
    return name


def use_device(device: str) -> None:
    """Let `cuda` mean the GPU of `cuda:1` in this process; its memory is then what is measured."""
    if ":" in device:
        import torch

        torch.cuda.set_device(device)


def default_jobs(threads: int, device: str, gpus: int = 1) -> int:
    """Number of trials run at the same time if `--jobs` is omitted.

    Args:
        threads: of a trial.
        device: as `choose_device` returns it.
        gpus: of a trial.
    """
    if device != "cpu":
        return 1 if ":" in device else max(1, count_gpus() // gpus)
    return max(1, (count_cores() or 1) // threads)


def count_cores() -> int | None:
    """Cores that this process may use; None if the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def count_gpus() -> int:
    """GPUs that this process may use."""
    import torch

    return torch.cuda.device_count()


def set_threads(threads: int) -> None:
    """Fix the number of threads before computing, so that sums keep their order."""
    import torch

    keep_freed_memory()
    torch.set_num_threads(threads)
    # Denormal numbers of vanishing gradients and averages cost ten times as much.
    torch.set_flush_denormal(True)
