"""The validation of a training: what its averaged weights are worth, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel

from benchmark.api import Example, System, make_noise
from benchmark.runtime.distributed import Processes
from benchmark.training.checkpoints import Progress, save_best
from benchmark.training.ema import averaged_weights
from benchmark.training.loss_module import move_batch
from benchmark.training.selection import Selection

Quality = Callable[[System], dict[str, float]]
"""Of the weights that the system has now, by metric."""


class Validation:
    """Losses on the valid split, qualities and the choice of weights, by all processes together.

    Args:
        system: whose weights are averaged in `average`; None = it is validated as it is.
        examples: of the loss; without any nothing is validated.
        seed: of the noise of the loss, which is the same each time.
        device: where the system is.
        quality: put into the event beside the loss.
        selection: by what the best weights are kept; None = none are.
        folder: of the training, for the best weights.
        processes: that share the examples.
    """

    def __init__(
        self,
        system: System,
        average: AveragedModel | None,
        examples: Sequence[Example],
        *,
        seed: int,
        device: torch.device,
        quality: Quality | None,
        selection: Selection | None,
        folder: Path,
        processes: Processes,
    ) -> None:
        assert system.module is not None
        self.system, self.module, self.average = system, system.module, average
        self.examples, self.seed, self.device = examples, seed, device
        self.quality, self.selection = quality, selection
        self.folder, self.processes = folder, processes

    def run(self, progress: Progress, *, rows: int) -> dict[str, Any]:
        """Validate the averaged weights, note it in `progress`, and keep them if they are the best.

        Args:
            progress: of the training.
            rows: examples that are passed forward together.

        Returns:
            the line of `events.jsonl`.
        """
        with averaged_weights(self.module, self.average):
            loss = self.loss_on(self.examples, rows=rows)
            # JSON has no infinity: a loss without a finite value is stored as null.
            progress.valid_loss = loss if math.isfinite(loss) else None
            event = {"kind": "valid", "update": progress.update, "loss": progress.valid_loss}
            quality = self.quality(self.system) if self.quality is not None else {}
            kept = self._keep_best(self.selection, progress, rows) if self.selection else {}
            return event | {"quality": quality} | kept

    def _keep_best(self, selection: Selection, progress: Progress, rows: int) -> dict[str, Any]:
        """Keep the weights if no earlier ones were as good; what was found, for the event."""
        if selection.score is None:
            value = self.loss_on(selection.examples, rows=rows)
        else:
            value = selection.score(self.system)
        value = self.processes.broadcast(value)
        if selection.is_better(value, progress.best_value):
            progress.best_value, progress.best_update = value, progress.update
            progress.best_valid_loss, progress.stale_validations = progress.valid_loss, 0
            if self.processes.is_main:
                save_best(self.folder, self.module, progress.update)
        else:
            progress.stale_validations += 1
        return {"selection": value if math.isfinite(value) else None}

    @torch.no_grad()
    def loss_on(self, examples: Sequence[Example], *, rows: int) -> float:
        """Mean loss of the weights that the system has now, `rows` examples at a time."""
        self.module.eval()
        parts = [examples[first : first + rows] for first in range(0, len(examples), rows)]
        losses = [self._loss_of(part) * len(part) for part in self.processes.round_robin(parts)]
        return sum(self.processes.gather_round_robin(losses)) / len(examples)

    def _loss_of(self, examples: Sequence[Example]) -> float:
        noise = make_noise(self.seed, [f"valid {e.id}" for e in examples], 1, self.device)
        batch = move_batch(self.system.collate(examples), self.device)
        return float(self.system.loss(batch, noise).total)
