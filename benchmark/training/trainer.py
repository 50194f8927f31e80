"""The one training loop: the same code for every trainable system.

Order of the data, noise and dropout of an update are functions of (seed, update), so that a
training that was killed and resumed equals one that was not. Devices are handled by accelerate.

Several processes share every micro batch by rows, in order of rank, and sum their gradients, so
that each update is that of one process: the batch of the recipe is the global one. Dropout differs,
since its masks are drawn for whole tensors; so does anything that a system draws for the batch as a
whole.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors.torch import load_model
from torch import Tensor

from benchmark.api import Example, System, UserError, make_noise
from benchmark.api.noise import row_seed, seed_torch
from benchmark.experiment.recipes import Budget, TrainingRecipe
from benchmark.runtime.compilation import compiled
from benchmark.runtime.distributed import ALONE, Processes
from benchmark.runtime.stop_request import StoppedError, find_stop
from benchmark.training.batch_sampler import Batches
from benchmark.training.checkpoints import (
    Progress,
    cut_events,
    find_best,
    load_checkpoint,
    save_checkpoint,
    set_damaged_aside,
)
from benchmark.training.ema import moving_average
from benchmark.training.learning_rate import learning_rate
from benchmark.training.loss_module import (
    Objective,
    divide_gradients,
    is_bf16,
    learn_from_all,
    move_batch,
)
from benchmark.training.micro_batch import MicroBatchFinder, check_shares
from benchmark.training.optimiser import Optimisers, make_optimisers
from benchmark.training.selection import Selection
from benchmark.training.stopping import find_bound, find_nearest_bound
from benchmark.training.validation import Quality, Validation

OnProgress = Callable[[int, int, str], None]
"""Called with (done, total, text beside the bar)."""
OnEvent = Callable[[dict[str, Any]], None]
"""Called with every line of `events.jsonl`."""

LOG_EVERY = 25


class TrainingDivergedError(RuntimeError):
    """The loss is no longer a number."""


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """Summary of a training."""

    updates: int
    tokens: int
    seconds: float
    ended_by: str
    final_loss: float
    valid_loss: float | None
    batch: int
    kept_update: int
    """After which the stored weights were reached."""
    kept_by: str
    """`last`, or what they were the best by: `loss`, or a metric."""
    kept_value: float | None
    kept_examples: int | None
    """Valid examples on which they were; None for `last`."""


class Trainer:
    """One training of one system, with its files in `folder`.

    `folder` holds `events.jsonl` and, while it runs, `checkpoint/`. With several processes only the
    first writes there, and all have to see it.

    A part of `system.module` that learns from the rows it is shown, rather than by gradients, has
    a method `learn_from_all(join)`: `join` turns the rows `(n, ...)` of this process into those of
    all, in order, and passing None instead removes it again.

    `on_checkpoint` is called before a checkpoint is written, and may refuse it by raising.
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
        selection: Selection | None = None,
        on_progress: OnProgress | None = None,
        on_event: OnEvent | None = None,
        on_checkpoint: Callable[[], None] | None = None,
        processes: Processes = ALONE,
    ) -> None:
        if system.module is None:
            raise ValueError(f"System {system.id} has nothing to train.")
        if not train:
            raise UserError(
                f"System {system.id} needs a train split and the task has none:"
                " use the yardsticks or a stand-in task."
            )
        self.system, self.module = system, system.module
        self.finder = MicroBatchFinder(train, recipe.batch, system.module, folder, processes)
        asked = recipe.micro_batch or recipe.batch
        self.micro_batch: int | None = self.finder.read() if asked == "auto" else asked
        check_shares(self.micro_batch or recipe.batch, recipe.batch, processes)
        self.processes = processes
        self.recipe, self.budget, self.seed, self.folder = recipe, budget, seed, folder
        self.batches = Batches(train, batch=recipe.batch, seed=seed, by_length=recipe.by_length)
        self.on_progress, self.on_event = on_progress, on_event
        self.on_checkpoint = on_checkpoint
        # Accelerate keeps one precision for the lifetime of a process, and trials differ in theirs.
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision="no")
        # Under a launcher accelerate numbers even the CPU, which loading a checkpoint rejects.
        is_named = device == "cpu" or ":" in device
        self.device = torch.device(device) if is_named else self.accelerator.device
        in_bf16 = is_bf16(recipe, self.device.type, system.module)
        self.precision = "bf16" if in_bf16 else "float32"
        objective = Objective(system, device=self.device.type, is_bf16=in_bf16)
        # This mode omits the wrapper for data parallelism, whose gradient is a mean that ignores
        # how much each process counts for.
        self.objective = self.accelerator.prepare_model(objective, evaluation_mode=True)
        parts = make_optimisers(objective, recipe)
        self.optimiser = Optimisers([self.accelerator.prepare_optimizer(part) for part in parts])
        self.average = moving_average(system.module, recipe.ema_decay, warmup=recipe.ema_warmup)
        self.validation = Validation(
            system,
            self.average,
            valid[: recipe.valid_examples],
            seed=seed,
            device=self.device,
            quality=quality,
            selection=selection,
            folder=folder,
            processes=processes,
        )
        self.progress = Progress()

    def run(self) -> TrainingSummary:
        """Train to the end of the budget and leave the weights that are kept in the system.

        Raises:
            TrainingDivergedError: if the loss is not finite; names the update.
            StoppedError: if somebody asked for it; there is a checkpoint of the last update then.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        module, processes = self.module, self.processes
        processes.broadcast_tensors(module.state_dict().values())
        try:
            with compiled(self.system.network, self.recipe.compile):
                if self.micro_batch is None:
                    self.micro_batch = self.finder.find(self._rehearse, self.device.type)
                    check_shares(self.micro_batch, self.recipe.batch, processes)
                learn_from_all(module, processes.gather_rows if processes.count > 1 else None)
                return self._run()
        finally:
            learn_from_all(module, None)

    def _rehearse(self, examples: Sequence[Example]) -> None:
        """Pass examples forward and backward, as a micro batch does."""
        ids = [f"rehearsal {row}" for row in range(len(examples))]
        self.objective.train()
        seed_torch(row_seed(self.seed, ids[0], 0), self.device)
        batch = move_batch(self.system.collate(examples), self.device)
        noise = make_noise(self.seed, ids, 1, self.device)
        self.accelerator.backward(self.objective(batch, noise)[0])

    def _run(self) -> TrainingSummary:
        progress, recipe = self.progress, self.recipe
        processes = self.processes
        started = last_checkpoint = time.monotonic()
        seconds_before = progress.seconds
        first_bad = torch.full((), math.inf, device=self.device)
        is_logged = True
        while not self._has_ended():
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
            progress.seconds = processes.broadcast(seconds_before + time.monotonic() - started)
            is_logged = progress.update % LOG_EVERY == 0 or progress.update == self.budget.updates
            if is_logged:
                self._raise_if(first_bad)
                self._log_update(rate, loss, terms)
            if recipe.validate_every and progress.update % recipe.validate_every == 0:
                self._validate()
            why = find_stop()
            age_s = math.inf if why else time.monotonic() - last_checkpoint
            if (age_s := processes.broadcast(age_s)) > recipe.checkpoint_s:
                self._raise_if(first_bad)
                # A run that is resumed at its end has no update to tell the loss of.
                progress.loss = self._add_up(loss, terms)[1]
                self._checkpoint()
                last_checkpoint = time.monotonic()
            if age_s == math.inf and not self._has_ended():
                raise StoppedError(why or "the first process was asked to stop")
        self._raise_if(first_bad)
        if not is_logged:
            self._log_update(rate, loss, terms)
        self._finish()
        return TrainingSummary(
            updates=progress.update,
            tokens=progress.tokens,
            seconds=round(progress.seconds, 3),
            ended_by=progress.ended_by,
            final_loss=progress.loss,
            valid_loss=progress.valid_loss,
            batch=recipe.batch,
            **self._describe_kept(),
        )

    # One update

    def _update(self, rate: float) -> tuple[Tensor, dict[str, Tensor], int]:
        """One step of the optimiser; loss and terms are the part of this process in the sum."""
        update, processes = self.progress.update, self.processes
        examples, ids = self.batches.of(update)
        micro = self.micro_batch or len(examples)
        self.optimiser.set_rate(rate)
        self.objective.train()
        totals: dict[str, Tensor] = {}
        loss_sum, tokens = torch.zeros((), device=self.device), 0
        # Micro batches differ in their number of tokens: the total is known only after all of them.
        is_sum_of_tokens = False
        for first in range(0, len(examples), micro):
            whole = examples[first : first + micro]
            mine = processes.share(len(whole))
            part, part_ids = whole[mine], ids[first : first + micro][mine]
            # Dropout and the like use torch's generator: it is keyed like everything else.
            seed_torch(row_seed(self.seed, part_ids[0], 0), self.device)
            batch = move_batch(self.system.collate(part), self.device)
            noise = make_noise(self.seed, part_ids, 1, self.device)
            total, terms, seen, mean_over = self.objective(batch, noise)
            all_seen = int(processes.sums([seen])[0])
            tokens += all_seen
            is_sum_of_tokens = self.recipe.by_length and mean_over == "tokens"
            if is_sum_of_tokens:
                weight = float(seen)
            elif mean_over == "tokens":
                # A process is weighted by its number of tokens.
                weight = len(whole) / len(examples) * (seen / max(1, all_seen))
            else:
                weight = len(part) / len(examples)
            if not weight:  # no tokens here: a mean over none is undefined
                continue
            self.accelerator.backward(total * weight)
            loss_sum = loss_sum + total.detach() * weight
            for name, term in terms.items():
                totals[name] = totals.get(name, 0.0) + term.detach() * weight
        processes.add_gradients(self.objective.parameters())
        if is_sum_of_tokens:
            loss_sum = loss_sum / max(1, tokens)
            totals = {name: value / max(1, tokens) for name, value in totals.items()}
            divide_gradients(self.objective.parameters(), max(1, tokens))
        if self.recipe.clip_norm is not None:
            self.accelerator.clip_grad_norm_(self.objective.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        self.optimiser.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.module)
        return loss_sum, totals, tokens

    def _raise_if(self, first_bad: Tensor) -> None:
        update = min(self.processes.gather(float(first_bad)))
        if math.isfinite(update):
            raise TrainingDivergedError(
                f"The loss of {self.system.id} is not a number at update {int(update)}:"
                " lower training.learning_rate, or set training.clip_norm."
            )

    def _validate(self) -> None:
        if self.validation.examples:
            rows = self.micro_batch or self.recipe.batch
            self._append(self.validation.run(self.progress, rows=rows))

    # Budget, events, checkpoints

    def _has_ended(self) -> bool:
        self.progress.ended_by = find_bound(self.progress, self.budget, self.recipe.patience)
        return bool(self.progress.ended_by)

    def _log_update(self, rate: float, loss: Tensor, terms: dict[str, Tensor]) -> None:
        progress = self.progress
        parts, progress.loss = self._add_up(loss, terms)
        self._append(
            {
                "kind": "train",
                "update": progress.update,
                "loss": progress.loss,
                "terms": parts,
                "lr": rate,
                "tokens": progress.tokens,
                "seconds": round(progress.seconds, 3),
            }
        )
        if self.on_progress is not None and self.processes.is_main:
            done, total = find_nearest_bound(progress, self.budget)
            self.on_progress(done, total, f"loss {progress.loss:.3f}")

    def _add_up(self, loss: Tensor, terms: dict[str, Tensor]) -> tuple[dict[str, float], float]:
        """Terms and loss of an update, summed over processes."""
        mine = float(loss), {name: float(value) for name, value in terms.items()}
        totals: dict[str, float] = {}
        losses = 0.0
        for of_one, parts in self.processes.gather(mine):
            losses += of_one
            for name, value in parts.items():
                totals[name] = totals.get(name, 0.0) + value
        return totals, losses

    def _append(self, event: dict[str, Any]) -> None:
        if self.processes.is_main:
            with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(event) + "\n")
            if self.on_event is not None:
                self.on_event(event)

    def _checkpoint(self) -> None:
        if self.processes.is_main:
            if self.on_checkpoint is not None:
                self.on_checkpoint()
            save_checkpoint(self.folder, self.progress, self.module, self.average, self.optimiser)

    def _resume(self) -> None:
        if self.processes.is_main:
            set_damaged_aside(self.folder)
        self.processes.barrier()
        self.progress = load_checkpoint(
            self.folder, self.module, self.average, self.optimiser, self.device
        )
        if self.processes.is_main:
            cut_events(self.folder / "events.jsonl", self.progress.update)

    def _finish(self) -> None:
        """Put the final weights into the system, and validate them once more."""
        progress, recipe = self.progress, self.recipe
        if not recipe.validate_every or progress.update % recipe.validate_every:
            self._validate()
        module = self.module
        self.processes.barrier()
        if progress.best_value is not None:
            load_model(module, str(find_best(self.folder, progress.best_update)))
            progress.valid_loss = progress.best_valid_loss
        elif self.average is not None:
            module.load_state_dict(self.average.module.state_dict())
        module.eval()

    def _describe_kept(self) -> dict[str, Any]:
        progress, selection = self.progress, self.validation.selection
        if selection is None or progress.best_value is None:
            kept = {"kept_by": "last", "kept_value": None, "kept_examples": None}
            return {"kept_update": progress.update, **kept}
        return {
            "kept_update": progress.best_update,
            "kept_by": selection.measure,
            "kept_value": progress.best_value,
            "kept_examples": len(selection.examples),
        }
