"""How much memory a piece of work takes."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

_EVERY_S = 0.002
_STATM = Path("/proc/self/statm")


def peak_bytes(work: Callable[[], object]) -> int | None:
    """The peak of resident memory while `work` runs, less what was resident before.

    It is read every two milliseconds; None where the operating system has no `/proc`.
    """
    gc.collect()
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


def peak_bytes_alone(module: str, words: Sequence[str]) -> int:
    """The peak of resident memory of a fresh process that runs a module, libraries included.

    The module prints what `process_peak_bytes` says, and nothing else.
    """
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=os.environ | threads, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


def process_peak_bytes() -> int:
    """The peak of resident memory of this process so far (ru_maxrss)."""
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
