"""Checkpoints of training: atomic, and without pickle.

A checkpoint is the folder `checkpoint/`: weights and averaged weights (safetensors), the state of
the optimiser (tensors alone, read with `weights_only`) and `progress.json`. With the seed, the
number of the update in it is the random state: order of the data, noise and dropout are functions
of the two.
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import nn
from torch.optim.swa_utils import AveragedModel

from benchmark.store.files import sync_folder, write_json


@dataclass(slots=True)
class Progress:
    """How far training has come."""

    update: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_loss: float = math.inf
    stale_validations: int = 0
    loss: float = math.nan
    valid_loss: float | None = None
    ended_by: str = ""


def save_checkpoint(
    folder: Path,
    progress: Progress,
    module: nn.Module,
    average: AveragedModel | None,
    optimiser: Any,
) -> None:
    """Replace `folder/checkpoint`; if killed at any moment, the old one or the new one remains."""
    fresh, kept, previous = (folder / f"checkpoint{end}" for end in (".tmp", "", ".old"))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    save_model(module, str(fresh / "model.safetensors"))
    if average is not None:
        save_model(average.module, str(fresh / "average.safetensors"))
        torch.save(average.n_averaged, fresh / "averaged.pt")
    torch.save(optimiser.state_dict(), fresh / "optimiser.pt")
    write_json(fresh / "progress.json", _finite(asdict(progress)))
    sync_folder(fresh)
    shutil.rmtree(previous, ignore_errors=True)
    if kept.exists():
        kept.replace(previous)
    fresh.replace(kept)
    shutil.rmtree(previous, ignore_errors=True)


def load_checkpoint(
    folder: Path,
    module: nn.Module,
    average: AveragedModel | None,
    optimiser: Any,
    device: torch.device,
) -> Progress:
    """Restore everything from `folder/checkpoint`; returns a fresh `Progress` if there is none."""
    kept = folder / "checkpoint"
    if not kept.exists():  # killed between the two renames
        kept = folder / "checkpoint.old"
    if not kept.exists():
        return Progress()
    load_model(module, str(kept / "model.safetensors"))
    if average is not None:
        load_model(average.module, str(kept / "average.safetensors"))
        average.n_averaged.copy_(_tensors(kept / "averaged.pt", device))
    optimiser.load_state_dict(_tensors(kept / "optimiser.pt", device))
    values = json.loads((kept / "progress.json").read_text(encoding="utf-8"))
    values["best_loss"] = math.inf if values["best_loss"] is None else values["best_loss"]
    values["loss"] = math.nan if values["loss"] is None else values["loss"]
    return Progress(**values)


def cut_events(path: Path, update: int) -> None:
    """Drop the events after `update`: they will occur again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # a line truncated when the process was killed
            continue
        if event["update"] <= update:
            kept.append(line)
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _tensors(path: Path, device: torch.device) -> Any:
    return torch.load(path, map_location=device, weights_only=True)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: it is stored as null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
