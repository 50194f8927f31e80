"""Checkpoints of training: atomic, and without pickle.

A checkpoint is the folder `checkpoint/`: weights and averaged weights (safetensors), the state of
the optimiser (tensors alone, read with `weights_only`) and `progress.json`, which has the digests
of the others. With the seed, the number of the update in it is the random state: order of the
data, noise and dropout are functions of the two.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_model
from torch import nn
from torch.optim.swa_utils import AveragedModel

from benchmark.runtime.command_line import note
from benchmark.store.files import list_digests, make_empty, sync_folder, unfinished, write_text
from benchmark.store.seal import DamagedError, check_files, read_sealed, write_sealed

_BEST = "best"
"""The best weights, named by their update: those of the checkpoint, and the best since."""
_BEST_BEFORE = "best.safetensors"
"""What versions up to 0.6.0 had instead."""
PROGRESS = "progress.json"
_STATES = ("checkpoint", "checkpoint.tmp", "checkpoint.old")
"""The checkpoint; and, of a process that was killed, the one begun and the one before it."""
OF_TRAINING = (*_STATES, _BEST, _BEST_BEFORE)
"""What a training that has ended has no more use for."""


@dataclass(slots=True)
class Progress:
    """How far training has come."""

    update: int = 0
    tokens: int = 0
    seconds: float = 0.0
    stale_validations: int = 0
    loss: float = math.nan
    valid_loss: float | None = None
    ended_by: str = ""
    best_value: float | None = None
    """Of the measure by which weights are kept; None = none was finite yet."""
    best_update: int = 0
    best_valid_loss: float | None = None


def save_checkpoint(
    folder: Path,
    progress: Progress,
    module: nn.Module,
    average: AveragedModel | None,
    optimiser: Any,
) -> None:
    """Replace `folder/checkpoint`; if killed at any moment, the old one or the new one remains."""
    kept, fresh, previous = (folder / name for name in _STATES)
    make_empty(fresh)
    save_model(module, str(fresh / "model.safetensors"))
    if average is not None:
        save_model(average.module, str(fresh / "average.safetensors"))
        torch.save(average.n_averaged, fresh / "averaged.pt")
    torch.save(optimiser.state_dict(), fresh / "optimiser.pt")
    write_sealed(fresh / PROGRESS, _finite(asdict(progress)), list_digests(fresh))
    sync_folder(fresh)
    if kept.exists():
        shutil.rmtree(previous, ignore_errors=True)
        kept.replace(previous)
    fresh.replace(kept)
    shutil.rmtree(previous, ignore_errors=True)
    _drop_best_but(folder, {progress.best_update})


def load_checkpoint(
    folder: Path,
    module: nn.Module,
    average: AveragedModel | None,
    optimiser: Any,
    device: torch.device,
) -> Progress:
    """Restore everything from `folder/checkpoint`; returns a fresh `Progress` if there is none."""
    kept = _find(folder)
    if kept is None:
        return Progress()
    load_model(module, str(kept / "model.safetensors"))
    if average is not None:
        load_model(average.module, str(kept / "average.safetensors"))
        average.n_averaged.copy_(_tensors(kept / "averaged.pt", device))
    optimiser.load_state_dict(_tensors(kept / "optimiser.pt", device))
    values, _ = read_sealed(kept / PROGRESS)
    values.pop("best_loss", None)  # of a version up to 0.5.0
    values["loss"] = math.nan if values["loss"] is None else values["loss"]
    return Progress(**values)


def save_best(folder: Path, module: nn.Module, update: int) -> None:
    """Keep the weights that are the best so far, and beside them those that a resumed run has."""
    path = folder / _BEST / f"{update}.safetensors"
    path.parent.mkdir(exist_ok=True)
    fresh = unfinished(path)
    save_model(module, str(fresh))
    fresh.replace(path)
    _drop_best_but(folder, {update, _read_best_update(folder)})


def find_best(folder: Path, update: int) -> Path:
    """The file of the best weights, which were those after an update."""
    named, before = folder / _BEST / f"{update}.safetensors", folder / _BEST_BEFORE
    return before if before.exists() and not named.exists() else named


def set_damaged_aside(folder: Path) -> None:
    """Rename a checkpoint that is not what was written, so that training begins again."""
    kept = _find(folder)
    if kept is None:
        return
    try:
        values = _check(kept)
        if values.get("best_value") is not None:
            best = find_best(folder, values.get("best_update", 0))
            if not best.exists():
                raise DamagedError(f"{best.name}, its best weights, is missing")
            _check_weights(best)
    except DamagedError as why:
        number = sum(1 for _ in folder.glob("*.damaged-*")) + 1
        for path in (kept, folder / _BEST, folder / _BEST_BEFORE):
            if path.exists():
                path.replace(path.with_name(f"{path.name}.damaged-{number}"))
        note(
            f"note: the checkpoint in {folder} is damaged ({why}): it was set aside, and training"
            " begins again."
        )


def _find(folder: Path) -> Path | None:
    """The checkpoint; the one before it if the process was killed between the two renames."""
    kept, _, previous = (folder / name for name in _STATES)
    return next((path for path in (kept, previous) if path.exists()), None)


def _read_best_update(folder: Path) -> int:
    """That of the checkpoint; 0 if there is none, or none that a run could go on from."""
    kept = _find(folder)
    try:
        return 0 if kept is None else int(read_sealed(kept / PROGRESS)[0].get("best_update", 0))
    except DamagedError:
        return 0


def _drop_best_but(folder: Path, updates: set[int]) -> None:
    needed = {find_best(folder, update) for update in updates}
    for path in (*(folder / _BEST).glob("*"), folder / _BEST_BEFORE):
        if path not in needed:
            path.unlink(missing_ok=True)


def _check(kept: Path) -> Mapping[str, Any]:
    values, files = read_sealed(kept / PROGRESS)
    if files is not None:
        check_files(kept, files)
        return values
    # A checkpoint of a version up to 0.5.0.
    later = {"best_value", "best_update", "best_valid_loss"}
    if missing := {field.name for field in fields(Progress)} - later - {*values}:
        raise DamagedError(f"{PROGRESS} has no {min(missing)}")
    for path in sorted(kept.glob("*.safetensors")):
        _check_weights(path)
    for path in sorted(kept.glob("*.pt")):
        try:
            _tensors(path, torch.device("cpu"))
        except Exception as error:  # a damaged archive raises whatever its bytes say
            raise DamagedError(f"{path.name} cannot be read") from error
    return values


def _check_weights(path: Path) -> None:
    try:
        load_file(path)
    except (OSError, SafetensorError) as error:
        raise DamagedError(f"{path.name} cannot be read") from error


def cut_events(path: Path, update: int) -> None:
    """Drop the events after `update`: they will occur again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            is_kept = json.loads(line)["update"] <= update
        except (ValueError, LookupError, TypeError):  # cut when the process was killed
            continue
        if is_kept:
            kept.append(line)
    write_text(path, "".join(f"{line}\n" for line in kept))


def _tensors(path: Path, device: torch.device) -> Any:
    return torch.load(path, map_location=device, weights_only=True)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: it is stored as null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
