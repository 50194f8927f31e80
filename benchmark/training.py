"""The one training loop: the same code for every trainable system.

Order of the data, noise and dropout of an update are functions of (seed, update), so that a
training that was killed and resumed equals one that was not, and the number of processes
does not show. Devices, precision and data parallelism are accelerate's.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import load_model, save_model
from torch import Tensor, nn

from benchmark.api import Example, System, UserError, make_noise
from benchmark.averaging import averaged_weights, moving_average
from benchmark.checkpoints import Progress, cut_events, load_checkpoint, save_checkpoint
from benchmark.noise import row_seed
from benchmark.schedules import learning_rate
from benchmark.suite import Budget, TrainingRecipe

Quality = Callable[[System], dict[str, float]]
OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, what to print beside the bar)."""
OnEvent = Callable[[dict[str, Any]], None]
"""Called with every line of `events.jsonl`."""

LOG_EVERY = 25


class TrainingDivergedError(RuntimeError):
    """The loss is no longer a number."""


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """How a training went."""

    updates: int
    tokens: int
    seconds: float
    ended_by: str
    final_loss: float
    valid_loss: float | None
    batch: int


class _Objective(nn.Module):
    """The loss as the forward of a module, which is what data parallelism hooks into."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.module = system.module
        self._loss = system.loss

    def forward(self, batch: dict[str, Any], noise: Any) -> tuple[Tensor, dict[str, Tensor], int]:
        terms = self._loss(batch, noise)
        return terms.total, terms.terms, terms.tokens


class Trainer:
    """One training of one system, with its files in `folder`.

    `folder` holds `events.jsonl` and, while it runs, `checkpoint/`.
    """

    def __init__(
        self,
        system: System,
        train: Sequence[Example],
        valid: Sequence[Example],
        *,
        recipe: TrainingRecipe,
        budget: Budget,
        seed: int,
        folder: Path,
        device: str = "cpu",
        quality: Quality | None = None,
        on_progress: OnProgress | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        if system.module is None:
            raise ValueError(f"System {system.id} has nothing to train.")
        if not train:
            raise UserError(
                f"System {system.id} needs a train split and the task has none:"
                " use the yardsticks or a stand-in task."
            )
        self.system, self.train, self.valid = system, train, valid
        self.recipe, self.budget, self.seed, self.folder = recipe, budget, seed, folder
        self.quality, self.on_progress, self.on_event = quality, on_progress, on_event
        self.accelerator = Accelerator(
            cpu=device == "cpu", mixed_precision=_precision(recipe, device)
        )
        self.device = self.accelerator.device
        objective = _Objective(system)
        optimiser = torch.optim.AdamW(
            objective.parameters(),
            lr=recipe.learning_rate,
            betas=(recipe.beta_1, recipe.beta_2),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.objective, self.optimiser = self.accelerator.prepare(objective, optimiser)
        self.average = moving_average(system.module, recipe.ema_decay)
        self.progress = Progress()

    def run(self) -> TrainingSummary:
        """Train to the end of the budget and leave the final weights in the system.

        Raises:
            TrainingDivergedError: if the loss is not finite; names the update.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        progress, recipe = self.progress, self.recipe
        started = last_checkpoint = time.monotonic()
        seconds_before = progress.seconds
        first_bad = torch.full((), math.inf, device=self.device)
        while not self._ended():
            rate = learning_rate(
                progress.update,
                peak=recipe.learning_rate,
                schedule=recipe.schedule,
                warmup=recipe.warmup_updates,
                updates=self.budget.updates,
            )
            loss, terms, tokens = self._update(rate)
            bad = torch.where(torch.isfinite(loss), math.inf, float(progress.update))
            first_bad = torch.minimum(first_bad, bad)
            progress.update += 1
            progress.tokens += tokens
            progress.seconds = seconds_before + time.monotonic() - started
            if progress.update % LOG_EVERY == 0 or progress.update == self.budget.updates:
                self._raise_if(first_bad)
                progress.loss = float(loss)
                self._log_update(rate, terms)
            if recipe.validate_every and progress.update % recipe.validate_every == 0:
                self._validate()
            if time.monotonic() - last_checkpoint > recipe.checkpoint_s:
                self._raise_if(first_bad)
                self._checkpoint()
                last_checkpoint = time.monotonic()
        self._raise_if(first_bad)
        self._finish()
        return TrainingSummary(
            updates=progress.update,
            tokens=progress.tokens,
            seconds=round(progress.seconds, 3),
            ended_by=progress.ended_by,
            final_loss=progress.loss,
            valid_loss=progress.valid_loss,
            batch=recipe.batch,
        )

    # One update

    def _update(self, rate: float) -> tuple[Tensor, dict[str, Tensor], int]:
        update, accelerator = self.progress.update, self.accelerator
        examples = self._examples(update)
        ids = [f"update {update} row {row}" for row in range(len(examples))]
        share = len(examples) // accelerator.num_processes
        mine = slice(accelerator.process_index * share, (accelerator.process_index + 1) * share)
        examples, ids = examples[mine], ids[mine]
        micro = self.recipe.micro_batch or len(examples)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.objective.train()
        totals: dict[str, Tensor] = {}
        loss_sum, tokens = torch.zeros((), device=self.device), 0
        for first in range(0, len(examples), micro):
            part, part_ids = examples[first : first + micro], ids[first : first + micro]
            # Dropout and the like take torch's generator: it is keyed as everything else.
            torch.manual_seed(row_seed(self.seed, part_ids[0], 0))
            batch = self._to_device(self.system.collate(part))
            weight = len(part) / len(examples)
            last = first + micro >= len(examples)
            with accelerator.no_sync(self.objective) if not last else nullcontext():
                noise = make_noise(self.seed, part_ids, 1, self.device)
                total, terms, seen = self.objective(batch, noise)
                accelerator.backward(total * weight)
            loss_sum = loss_sum + total.detach() * weight
            for name, term in terms.items():
                totals[name] = totals.get(name, 0.0) + term.detach() * weight
            tokens += seen
        if self.recipe.clip_norm is not None:
            accelerator.clip_grad_norm_(self.objective.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update_parameters(_module(self.system))
        if accelerator.num_processes > 1:
            loss_sum = accelerator.reduce(loss_sum, reduction="mean")
            tokens = int(accelerator.reduce(torch.tensor(tokens, device=self.device)))
        return loss_sum, totals, tokens

    def _examples(self, update: int) -> list[Example]:
        """The batch of an update: a window over endless epochs, each shuffled by its number."""
        size, batch = len(self.train), self.recipe.batch
        chosen: list[Example] = []
        position = update * batch
        while len(chosen) < batch:
            epoch, offset = divmod(position, size)
            order = self._order(epoch)
            taken = order[offset : offset + batch - len(chosen)]
            chosen.extend(self.train[i] for i in taken)
            position += len(taken)
        return chosen

    def _order(self, epoch: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        if getattr(self, "_epoch", None) != epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng([self.seed, epoch]).permutation(
                len(self.train)
            )
        return self._permutation

    def _to_device(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.to(self.device, non_blocking=True) if isinstance(value, Tensor) else value
            for name, value in batch.items()
        }

    def _raise_if(self, first_bad: Tensor) -> None:
        update = float(first_bad)
        if math.isfinite(update):
            raise TrainingDivergedError(
                f"The loss of {self.system.id} is not a number at update {int(update)}:"
                " lower training.learning_rate, or set training.clip_norm."
            )

    # Validation

    def _validate(self) -> None:
        """Loss and quality of the averaged weights on the valid split; counts for patience."""
        progress = self.progress
        if not self.valid:
            return
        module = _module(self.system)
        with averaged_weights(module, self.average):
            progress.valid_loss = self._valid_loss()
            event: dict[str, Any] = {"kind": "valid", "update": progress.update}
            event["loss"] = progress.valid_loss
            event["quality"] = self.quality(self.system) if self.quality is not None else {}
            self._append(event)
            if self.recipe.patience is not None:
                if progress.valid_loss < progress.best_loss:
                    progress.best_loss, progress.stale_validations = progress.valid_loss, 0
                    save_model(module, str(self.folder / "best.safetensors"))
                else:
                    progress.stale_validations += 1

    @torch.no_grad()
    def _valid_loss(self) -> float:
        examples = self.valid[: self.recipe.valid_examples]
        size = self.recipe.micro_batch or self.recipe.batch
        _module(self.system).eval()
        total = 0.0
        for first in range(0, len(examples), size):
            part = examples[first : first + size]
            noise = make_noise(self.seed, [f"valid {e.id}" for e in part], 1, self.device)
            terms = self.system.loss(self._to_device(self.system.collate(part)), noise)
            total += float(terms.total) * len(part)
        return total / len(examples)

    # Budget, events, checkpoints

    def _ended(self) -> bool:
        progress, budget, patience = self.progress, self.budget, self.recipe.patience
        if budget.updates is not None and progress.update >= budget.updates:
            progress.ended_by = "updates"
        elif budget.tokens is not None and progress.tokens >= budget.tokens:
            progress.ended_by = "tokens"
        elif budget.seconds is not None and progress.seconds >= budget.seconds:
            progress.ended_by = "seconds"
        elif patience is not None and progress.stale_validations >= patience:
            progress.ended_by = "early stop"
        return bool(progress.ended_by)

    def _log_update(self, rate: float, terms: dict[str, Tensor]) -> None:
        progress = self.progress
        self._append(
            {
                "kind": "train",
                "update": progress.update,
                "loss": progress.loss,
                "terms": {name: float(value) for name, value in terms.items()},
                "lr": rate,
                "tokens": progress.tokens,
                "seconds": round(progress.seconds, 3),
            }
        )
        if self.on_progress is not None:
            done, total = _share(progress, self.budget)
            self.on_progress(done, total, f"loss {progress.loss:.3f}")

    def _append(self, event: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(event) + "\n")
            if self.on_event is not None:
                self.on_event(event)

    def _checkpoint(self) -> None:
        if self.accelerator.is_main_process:
            save_checkpoint(
                self.folder, self.progress, _module(self.system), self.average, self.optimiser
            )

    def _resume(self) -> None:
        self.progress = load_checkpoint(
            self.folder, _module(self.system), self.average, self.optimiser, self.device
        )
        cut_events(self.folder / "events.jsonl", self.progress.update)

    def _finish(self) -> None:
        """Leave in the system the weights that count, and validate them once more."""
        progress, recipe = self.progress, self.recipe
        if not recipe.validate_every or progress.update % recipe.validate_every:
            self._validate()
        module = _module(self.system)
        best = self.folder / "best.safetensors"
        if best.exists():
            load_model(module, str(best))
            progress.valid_loss = progress.best_loss
        elif self.average is not None:
            module.load_state_dict(self.average.module.state_dict())
        module.eval()


def _module(system: System) -> nn.Module:
    assert system.module is not None
    return system.module


def _precision(recipe: TrainingRecipe, device: str) -> str:
    if recipe.precision == "float32":
        return "no"
    if recipe.precision == "auto" and (device == "cpu" or not torch.cuda.is_bf16_supported()):
        return "no"
    return "bf16"


def _share(progress: Progress, budget: Budget) -> tuple[int, int]:
    """How much of the nearest bound is used, for the bar."""
    shares = [
        (done / bound, done, bound)
        for done, bound in (
            (progress.update, budget.updates),
            (progress.tokens, budget.tokens),
            (progress.seconds, budget.seconds),
        )
        if bound
    ]
    _, done, bound = max(shares)
    return int(done), int(bound)
