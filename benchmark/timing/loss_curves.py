"""Loss curves of `diffuseq` and of the published procedure, at equal weights, batches and noise.

`diffuseq-loss`: three sides learn in turn, update by update.

- `published`: `benchmark.timing.published_diffuseq`, every pair padded to the whole canvas.
- `diffuseq, fit whole`: the very same objective, computed by `diffuseq`. What it gains in speed is
  code alone.
- `diffuseq, fit row`: a separate canvas for every row. The published loss is a mean over all
  positions, padding included, and every position attends to the padding: what is left out here is a
  part of that loss. So this one is another recipe, and its curve may differ in either direction.

All are judged on the same held-out pairs with the same noise and time steps by the published loss:
over the whole canvas (the first two), and over the positions of the row canvas (all three, each
with the canvas that it was trained on).
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api import Batch, Example, Lengths, Noise, make_noise
from benchmark.tasks import Task, load_task
from benchmark.timing.measured_curves import Curves, MeasuredCurve, MeasuredPoint
from benchmark.timing.mini_diffuseq import SMALLER, build_diffuseq, describe_network
from benchmark.timing.published_diffuseq import PublishedDiffuSeq

TASK = "paraphrase"
CANVAS, ROOM = 128, 32
BATCH, UPDATES, EVERY, SEEDS = 16, 100, 20, 3
JUDGED = 100
"""Held-out pairs."""
LEARNING_RATE = 2e-3
BAND = 0.02
"""Curves are called equal if at every point the mean ratio of losses is within 1 ± `BAND`."""
WHOLE, ROW = "published loss, whole canvas", "published loss, row canvas"


def measure(name: str, *, repeats: int) -> Curves:
    """The measurement `diffuseq-loss`; every update is timed, so `repeats` is not used."""
    return compare(load_task(TASK))


def compare(
    task: Task,
    *,
    batch: int = BATCH,
    updates: int = UPDATES,
    every: int = EVERY,
    seeds: int = SEEDS,
) -> Curves:
    """Train all sides `seeds` times and bring their curves together.

    Args:
        task: where pairs come from.
        batch: pairs per update.
        updates: of each side.
        every: updates between two points of a curve.
        seeds: runs, each from different weights.
    """
    runs = [_run(task, seed, batch, updates, every) for seed in range(seeds)]
    names = list(runs[0].curves)
    theirs = names[0]
    ratios = {
        name: {
            update: {
                loss: [run.curves[name][update][loss] / run.curves[theirs][update][loss]
                       for run in runs]
                for loss in values
            }
            for update, values in runs[0].curves[name].items()
        }
        for name in names[1:]
    }  # fmt: skip
    seconds = {name: median(s for run in runs for s in run.seconds[name]) for name in names}
    return Curves(
        "diffuseq-loss",
        f"{describe_network(runs[0].system, task)}, batch {batch}, float32, canvas {CANVAS},"
        f" row canvas the source and {ROOM}; {seeds} seeds, {JUDGED} held-out pairs; the same"
        " weights, batches, time steps and noise on all sides; seconds are of the processor,"
        " median over updates",
        over="updates",
        curves=tuple(
            MeasuredCurve(
                name,
                tuple(
                    MeasuredPoint(
                        update,
                        {loss: mean(r.curves[name][update][loss] for r in runs) for loss in values},
                        _spread(ratios[name][update]) if name in ratios else {},
                    )
                    for update, values in runs[0].curves[name].items()
                ),
            )
            for name in names
        ),
        found={
            "pairs_per_second": {name: round(batch / s, 2) for name, s in seconds.items()},
            "times_the_speed": {n: round(seconds[theirs] / seconds[n], 3) for n in ratios},
            "equal_within": BAND,
            "is_equal": {
                f"{name}: {loss}": all(
                    abs(mean(at[loss]) - 1) <= BAND for at in ratios[name].values()
                )
                for name in ratios
                for loss in next(iter(ratios[name].values()))
            },
            "first_losses_differ_by": max(run.first_difference for run in runs),
        },
    )


@dataclass(frozen=True)
class _Run:
    system: Any
    curves: dict[str, dict[int, dict[str, float]]]
    """Side to update to loss by name."""
    seconds: dict[str, list[float]]
    first_difference: float
    """Largest relative difference of the training loss of the first two sides before update 10."""


def _run(task: Task, seed: int, batch: int, updates: int, every: int) -> _Run:
    lengths = Lengths(CANVAS - ROOM, ROOM)
    whole, row = (
        build_diffuseq(task, {**SMALLER, "mse_over": "all", "fit": fit}, lengths=lengths, seed=seed)
        for fit in ("whole", "row")
    )
    row.module.load_state_dict(whole.module.state_dict())
    sides: dict[str, _Side] = {
        "published": _Published(whole),
        "diffuseq, fit whole": _Ours(whole),
        "diffuseq, fit row": _Ours(row),
    }
    curves: dict[str, dict[int, dict[str, float]]] = {name: {} for name in sides}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    differences = [0.0]
    for update in range(updates + 1):
        if update % every == 0:
            for name, side in sides.items():
                curves[name][update] = side.judge(task.valid[:JUDGED])
        if update == updates:
            break
        examples = [task.train[(update * batch + i) % len(task.train)] for i in range(batch)]
        ids = [f"update {update} row {i}" for i in range(batch)]
        losses = []
        for name, side in sides.items():
            loss, spent = side.update(examples, make_noise(seed, ids))
            seconds[name].append(spent)
            losses.append(loss)
        if update < 10:
            differences.append(abs(losses[1] / losses[0] - 1))
    return _Run(whole, curves, seconds, max(differences))


class _Side(ABC):
    """One side that learns."""

    def __init__(self, system: Any, module: nn.Module) -> None:
        self.system, self.module = system, module
        self.optimiser = torch.optim.AdamW(
            module.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True
        )

    @abstractmethod
    def prepare(self, batch: Batch, noise: Noise) -> Callable[[], Tensor]:
        """The objective, what is not timed being done."""

    @abstractmethod
    def predict(self, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        """z0_hat."""

    @abstractmethod
    def readout(self) -> tuple[Tensor, Tensor]:
        """Table of embeddings and bias of the output layer."""

    def update(self, examples: Sequence[Example], noise: Noise) -> tuple[float, float]:
        """One update; its loss, and the seconds that the processor spent on it."""
        self.module.train()
        objective = self.prepare(self.system.collate(examples), noise)
        started = time.process_time()
        loss = objective()
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach()), time.process_time() - started

    @torch.no_grad()
    def judge(self, examples: Sequence[Example]) -> dict[str, float]:
        """The published loss on `examples`, with noise of their own that never changes."""
        self.module.eval()
        batch = self.system.collate(examples)
        noise = make_noise(7, [example.id for example in examples])
        position_losses, start = self._position_losses(batch, noise)
        position = torch.arange(position_losses.size(1))
        judged = position < start[:, None] + ROOM
        found = {ROW: _mean_over(position_losses, judged)}
        if "present" not in batch:
            found[WHOLE] = float(position_losses.mean())
        return found

    def _position_losses(self, batch: Batch, noise: Noise) -> tuple[Tensor, Tensor]:
        """The published terms at every position `(rows, canvas)`, and where targets begin."""
        table, bias = self.readout()
        ids, is_target = batch["ids"], batch["is_target"]
        alpha_bar = self.system.module.alpha_bar
        t = _times(noise, len(alpha_bar) - 1)
        shape = (ids.shape[1], table.shape[1])
        embedding = table[ids]
        z_0 = embedding + (1 - alpha_bar[1]).sqrt().float() * noise.normal(shape, stream="start")
        level = alpha_bar[t].float()[:, None, None]
        eps = noise.normal(shape, stream="forward")
        z_t = torch.where(is_target[..., None], level.sqrt() * z_0 + (1 - level).sqrt() * eps, z_0)
        goal = torch.where((t == 1)[:, None, None], embedding, z_0)
        mse = (self.predict(z_t, t, batch) - goal).square().mean(-1)
        logits = functional.linear(z_0, table, bias)
        nll = functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
        prior = alpha_bar[-1].float() * z_0.square().mean(-1)
        return mse + nll + prior, is_target.int().argmax(1)


class _Ours(_Side):
    def __init__(self, system: Any) -> None:
        super().__init__(system, system.module)

    def prepare(self, batch: Batch, noise: Noise) -> Callable[[], Tensor]:
        dim = self.system.config.embedding_dim
        given = _Drawn(noise, (batch["ids"].shape[1], dim))
        return lambda: self.system.loss(batch, given).total

    def predict(self, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        z0_hat: Tensor = self.system.module.denoiser(z_t, t, batch.get("present"))
        return z0_hat

    def readout(self) -> tuple[Tensor, Tensor]:
        return self.system.module.readout.weight, self.system.module.readout.bias


class _Published(_Side):
    def __init__(self, system: Any) -> None:
        self.published = PublishedDiffuSeq.of(system)
        super().__init__(system, self.published)

    def prepare(self, batch: Batch, noise: Noise) -> Callable[[], Tensor]:
        given = _Drawn(noise, (batch["ids"].shape[1], self.published.table.shape[1]))
        t = _times(noise, len(self.published.alpha_bar) - 1)
        eps = (given.numbers["start"], given.numbers["forward"])
        return lambda: self.published.loss(batch["ids"], batch["is_target"], t, *eps)

    def predict(self, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        z0_hat: Tensor = self.published(z_t, t)
        return z0_hat

    def readout(self) -> tuple[Tensor, Tensor]:
        return self.published.table, self.published.weights["readout|bias"]


class _Drawn:
    """The noise of one update, drawn before it is timed: it is the same on all sides."""

    def __init__(self, noise: Noise, shape: tuple[int, int]) -> None:
        self.noise = noise
        self.numbers = {s: noise.normal(shape, stream=s) for s in ("start", "forward")}

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        return self.numbers[stream]

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        return self.noise.uniform(shape, step=step, stream=stream)


def _times(noise: Noise, steps: int) -> Tensor:
    """T even over 1..T, as `diffuseq` draws it."""
    return (noise.uniform((1,), stream="t")[:, 0] * steps).long().clamp(max=steps - 1) + 1


def _mean_over(values: Tensor, over: Tensor) -> float:
    """Mean over rows of the mean over the positions `over`."""
    return float(((values * over).sum(1) / over.sum(1)).mean())


def _spread(ratios: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Mean ratio by loss and the half-width of a 95 % interval over seeds (normal)."""
    found: dict[str, float] = {}
    for name, values in ratios.items():
        found[name] = mean(values)
        if len(values) > 1:
            found[f"{name} ±"] = 1.96 * stdev(values) / len(values) ** 0.5
    return found
