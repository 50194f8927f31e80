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
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.api import Example, Lengths, Noise, make_noise
from benchmark.tasks import Task, load_task
from benchmark.timing.learners import CANVAS, ROOM, Learner, batch_of
from benchmark.timing.measured_curves import BESIDE, Curves, estimate_means
from benchmark.timing.mini_diffuseq import SMALLER, build_diffuseq, describe_network

TASK = "paraphrase"
BATCH, UPDATES, EVERY, SEEDS = 16, 100, 20, 3
JUDGED = 100
"""Held-out pairs."""
BAND = 0.02
"""Curves are called equal if at every point the mean ratio of losses is within 1 ± `BAND`."""
WHOLE, ROW = "published loss, whole canvas", "published loss, row canvas"
THEIRS, SAME, FITTED = "published", "diffuseq, fit whole", "diffuseq, fit row"


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
    runs = [_Run(task, seed, batch, updates, every) for seed in range(seeds)]
    losses: dict[str, dict[str, NDArray[np.float64]]] = {
        side: {loss: np.array([run.losses[side][loss] for run in runs]) for loss in of_side}
        for side, of_side in runs[0].losses.items()
    }
    """Of every seed at every point `(seeds, points)`, by side and name."""
    ratios = {
        side: {loss: values / losses[THEIRS][loss] for loss, values in losses[side].items()}
        for side in (SAME, FITTED)
    }
    seconds = {side: median(s for run in runs for s in run.seconds[side]) for side in losses}
    return Curves(
        "diffuseq-loss",
        f"{describe_network(runs[0].learners[SAME].system, task)}, batch {batch}, float32, canvas"
        f" {CANVAS}, row canvas the source and {ROOM}; {seeds} seeds, {JUDGED} held-out pairs; the"
        " same weights, batches, time steps and noise on all sides; seconds are of the processor,"
        " median over updates",
        over="updates",
        curves={
            side: [
                {
                    "updates": update,
                    **{loss: float(values[:, at].mean()) for loss, values in of_side.items()},
                }
                | _compare_at(at, ratios.get(side, {}))
                for at, update in enumerate(range(0, updates + 1, every))
            ]
            for side, of_side in losses.items()
        },
        found={
            "pairs_per_second": {side: round(batch / s, 2) for side, s in seconds.items()},
            "times_the_speed": {s: round(seconds[THEIRS] / seconds[s], 3) for s in ratios},
            "equal_within": BAND,
            "is_equal": {
                f"{side}: {loss}": bool((abs(values.mean(axis=0) - 1) <= BAND).all())
                for side, of_side in ratios.items()
                for loss, values in of_side.items()
            },
            "first_losses_differ_by": max(run.first_difference for run in runs),
        },
    )


def _compare_at(at: int, ratios: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The mean ratios at a point, by loss; empty for the side that is the reference."""
    means = estimate_means({loss: of_loss[:, at] for loss, of_loss in ratios.items()})
    return {BESIDE: means} if means else {}


class _Run:
    """All sides, trained from the weights of one seed."""

    def __init__(self, task: Task, seed: int, batch: int, updates: int, every: int) -> None:
        self.learners = build_learners(task, seed)
        self.losses: dict[str, dict[str, list[float]]] = {side: {} for side in self.learners}
        """At every point, by side and name."""
        self.seconds: dict[str, list[float]] = {side: [] for side in self.learners}
        self.first_difference = 0.0
        """Largest relative difference of the loss of the first two sides before update 10."""
        for update in range(updates + 1):
            if update % every == 0:
                for side, learner in self.learners.items():
                    for name, loss in judge(learner, task.valid[:JUDGED]).items():
                        self.losses[side].setdefault(name, []).append(loss)
            if update < updates:
                theirs, same, _ = self._update(*batch_of(task.train, update, batch), seed)
                if update < 10:
                    self.first_difference = max(self.first_difference, abs(same / theirs - 1))

    def _update(self, pairs: Sequence[Example], ids: Sequence[str], seed: int) -> list[float]:
        """The loss of every side, each of which takes one update."""
        losses = []
        for side, learner in self.learners.items():
            learner.module.train()
            batch = learner.system.collate(pairs)
            dim = learner.system.config.embedding_dim
            noise: Any = _Drawn(make_noise(seed, ids), (batch["ids"].shape[1], dim))
            started = time.process_time()
            losses.append(float(learner.update(batch, noise)))
            self.seconds[side].append(time.process_time() - started)
        return losses


class _Drawn:
    """The noise of one update, drawn before it is timed: it is the same on all sides."""

    def __init__(self, noise: Noise, shape: tuple[int, int]) -> None:
        self.numbers = {s: noise.normal(shape, stream=s) for s in ("start", "forward")}
        self.uniform = noise.uniform

    def normal(self, shape: tuple[int, ...], *, stream: str) -> Tensor:
        return self.numbers[stream]


def build_learners(task: Task, seed: int) -> dict[str, Learner]:
    """All sides, with the weights of `seed`."""
    whole, row = (
        build_diffuseq(
            task,
            {**SMALLER, "mse_over": "all", "fit": fit},
            lengths=Lengths(CANVAS - ROOM, ROOM),
            seed=seed,
        )
        for fit in ("whole", "row")
    )
    return {THEIRS: Learner(whole, published=True), SAME: Learner(whole), FITTED: Learner(row)}


@torch.no_grad()
def judge(learner: Learner, examples: Sequence[Example]) -> dict[str, float]:
    """The published loss on `examples` by canvas, with noise of their own that never changes."""
    learner.module.eval()
    batch = learner.system.collate(examples)
    ids, is_target = batch["ids"], batch["is_target"]
    noise = make_noise(7, [example.id for example in examples])
    alpha_bar = learner.system.module.alpha_bar
    table, bias = learner.readout()
    embedding = table[ids]
    start_eps = noise.normal((ids.shape[1], table.shape[1]), stream="start")
    z_0 = embedding + (1 - alpha_bar[1]).sqrt().float() * start_eps
    t, z0_hat = learner.denoise(z_0, batch, noise)
    goal = torch.where((t == 1)[:, None, None], embedding, z_0)
    logits = functional.linear(z_0, table, bias)
    nll = functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
    prior = alpha_bar[-1].float() * z_0.square().mean(-1)
    losses = (z0_hat - goal).square().mean(-1) + nll + prior  # (B, canvas)
    start = is_target.int().argmax(1)
    judged = torch.arange(losses.size(1)) < start[:, None] + ROOM
    found = {ROW: float(((losses * judged).sum(1) / judged.sum(1)).mean())}
    if "present" not in batch:
        found[WHOLE] = float(losses.mean())
    return found
