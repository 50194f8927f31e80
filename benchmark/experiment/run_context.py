"""What all trials of one run share: where they are stored, and what they are computed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.runtime.distributed import ALONE, Processes
from benchmark.store.entries import Store

OnStage = Callable[[str, str, int, int, str], None]
"""Called with (trial, stage, done, total, what to print beside the bar)."""


def say_nothing(trial: str, stage: str, done: int, total: int, text: str) -> None:
    """An `OnStage` for runs that nobody watches."""


@dataclass(frozen=True)
class RunContext:
    """One run on one machine, or on those of a launcher."""

    store: Store
    device: str = "cpu"
    on_stage: OnStage = say_nothing
    tensorboard: Path | None = None
    """Where training events are mirrored."""
    processes: Processes = ALONE
    """Those of a launcher, which work on one trial together."""
