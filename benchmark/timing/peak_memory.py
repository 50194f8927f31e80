"""How much memory a piece of work takes."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import torch

_EVERY_S = 0.002
_STATM = Path("/proc/self/statm")


def peak_bytes(work: Callable[[], object], device: str = "cpu") -> int | None:
    """The most memory of `device` that `work` holds beside what was held before.

    On a CPU it is what the operating system counts as resident, looked at every two
    milliseconds; None where the system does not tell.
    """
    gc.collect()
    if device != "cpu":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        return torch.cuda.max_memory_allocated() - before
    if not _STATM.exists():
        return None
    before = peak = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(_EVERY_S):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(peak, _resident()) - before


def _resident() -> int:
    return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
