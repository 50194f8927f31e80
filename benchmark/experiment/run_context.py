"""What all trials of one run share: the store, the device and the processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.runtime.distributed import ALONE, Processes
from benchmark.store.entries import Store

OnStage = Callable[[str, str, int, int, str], None]
"""Called with (trial, stage, done, total, text beside the bar)."""


def ignore_progress(trial: str, stage: str, done: int, total: int, text: str) -> None:
    """An `OnStage` for runs without a progress bar."""


@dataclass(frozen=True)
class RunContext:
    """One run, on one machine or on the machines of a launcher."""

    store: Store
    device: str = "cpu"
    on_stage: OnStage = ignore_progress
    tensorboard: Path | None = None
    """TensorBoard folder that mirrors the training events; None = off."""
    wandb: str | None = None
    """Project of Weights & Biases that follows the trainings; None = off."""
    processes: Processes = ALONE
    """The processes of a launcher, which work on one trial together."""
