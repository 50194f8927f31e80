"""`diffuseq` against the published procedure, written out plainly, from equal weights.

`diffuseq-train`: updates of suite mini's network on a canvas of 128 tokens, the paper's. Theirs
pads every pair to all of it; ours gives each row its own canvas (`fit: row`).

`diffuseq-sample`: one trained network; theirs takes all 2,000 steps with the clamp at each,
ours few. What the texts are worth is measured on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor

from benchmark.api import Example, Lengths, make_noise
from benchmark.tasks import Task, load_task
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.learners import CANVAS, ROOM, Learner, batch_of
from benchmark.timing.measured_curves import estimate_means
from benchmark.timing.mini_diffuseq import build_diffuseq, score_texts, train_diffuseq, write_texts
from benchmark.timing.peak_memory import peak_bytes
from benchmark.timing.published_diffuseq import PublishedDiffuSeq
from benchmark.timing.speed_result import Result
from benchmark.training.ema import averaged_weights

TRAINED_ON = "paraphrase"
SAMPLED_ON = "simplification"
"""Nearly one to one, so that few texts tell scores apart that differ by little."""
BATCH, UPDATES_A_TURN, UPDATES = 64, 2, 120
EMA_DECAY = 0.99
SOURCES = 50
SIDES = ("diffuseq", "published procedure")
FEW = {"solver": "ddim", "eta": 1.0, "nfe": 10, "clamp": False, "temperature": 1.0}


def measure(name: str, *, repeats: int) -> Result:
    """The measurement `diffuseq-train` or `diffuseq-sample`."""
    return measure_training(repeats) if name == "diffuseq-train" else measure_sampling(repeats)


def measure_training(repeats: int, *, updates: int = UPDATES, batch: int = BATCH) -> Result:
    """Pairs per second, then the loss of both after `updates` updates from equal weights.

    Args:
        repeats: timed turns of each side.
        updates: after which the losses are compared.
        batch: pairs per update.
    """
    task = load_task(TRAINED_ON)
    learners = [_build_learner(task, published=published) for published in (False, True)]
    runs = [_prepare_updates(learner, task, batch) for learner in learners]
    ours, theirs = (
        Contender(name, run, network=learner.network, module=learner.module)
        for name, run, learner in zip(SIDES, runs, learners, strict=True)
    )
    measured = alternate(ours, theirs, sentences=batch * UPDATES_A_TURN, repeats=repeats)
    errors = []
    for published in (False, True):
        fresh = _build_learner(task, published=published)
        _prepare_updates(fresh, task, batch)(updates)
        # Both are judged on the words of the target, each on the canvas that it has learnt.
        errors.append({f"mse_of_words_after_{updates}": _error_of_words(fresh, task.valid)})
    first, second = (
        replace(side, found=error, peak_bytes=peak_bytes(run))
        for side, error, run in zip(measured, errors, runs, strict=True)
    )
    return Result(
        "diffuseq-train",
        first,
        second,
        f"suite mini's diffuseq, task {TRAINED_ON}, batch {batch}, float32, canvas {CANVAS}; theirs"
        f" padded to all of it, ours to the source and {ROOM} tokens",
        unit="pairs",
    )


def measure_sampling(
    repeats: int, *, updates: int | None = None, sources: int = SOURCES, samples: int = 8
) -> Result:
    """Sentences per second and sentence BLEU, `samples` of ours and one of theirs per turn.

    Args:
        repeats: timed turns of each side.
        updates: of the training; None is suite mini's budget.
        sources: decoded at once.
        samples: candidates of ours that are scored.
    """
    task = load_task(SAMPLED_ON)
    system = build_diffuseq(task, {"mse_over": "all", "fit": "whole"})
    train_diffuseq(system, task, updates=updates)
    published = PublishedDiffuSeq(system)
    examples = task.test[:sources]
    written: list[list[str]] = []

    def few(num_samples: int = 1) -> list[list[str]]:
        return write_texts(system, examples, FEW, num_samples=num_samples)

    def all_steps() -> None:
        texts = [example.source for example in examples]
        written.append(published.write(system.canvas, texts, seed=len(written)))

    ours = Contender(SIDES[0], few, network=system.network, module=system.module)
    theirs = Contender(SIDES[1], all_steps, network=published, module=published)
    measured = alternate(ours, theirs, sentences=sources, repeats=repeats)
    memory = peak_bytes(few), peak_bytes(all_steps)
    texts = few(samples), [list(of_source) for of_source in zip(*written, strict=True)]
    first, second = (
        replace(side, found=estimate_means(score_texts(task, examples, of_side)), peak_bytes=peak)
        for side, of_side, peak in zip(measured, texts, memory, strict=True)
    )
    return Result(
        "diffuseq-sample",
        first,
        second,
        f"suite mini's diffuseq, task {SAMPLED_ON}, {sources} sources at once; theirs"
        f" {system.config.diffusion_steps} ancestral steps with the clamp at each, all states kept;"
        f" ours {FEW['solver']}, {FEW['nfe']} calls",
    )


class _TorchNoise:
    """The noise of torch's generator, which the published procedure draws from."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.generator = torch.Generator().manual_seed(1)

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        return torch.randn((self.rows, *shape), generator=self.generator)

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        return torch.rand((self.rows, *shape), generator=self.generator, dtype=torch.float64)


def _build_learner(task: Task, *, published: bool) -> Learner:
    """One side; the weights of both are drawn from the same seed."""
    config = {"mse_over": "all", "fit": "whole" if published else "row"}
    system = build_diffuseq(task, config, lengths=Lengths(CANVAS - ROOM, ROOM))
    return Learner(system, published=published, ema_decay=EMA_DECAY)


def _prepare_updates(learner: Learner, task: Task, batch: int) -> Callable[..., None]:
    """A function that goes on with the training each time that it is called."""
    numbers = count()
    drawn: Any = _TorchNoise(batch)

    def run(updates: int = UPDATES_A_TURN) -> None:
        for update in islice(numbers, updates):
            pairs, ids = batch_of(task.train, update, batch)
            noise = make_noise(1, ids) if learner.published is None else drawn
            learner.update(learner.system.collate(pairs), noise)

    return run


@torch.no_grad()
def _error_of_words(learner: Learner, examples: Sequence[Example]) -> float:
    """Mean squared error of z0_hat at the words and the end of the target, t even over 1..T.

    In units of the spread of the embeddings, which each side has learnt for itself.
    """
    batch = learner.system.collate(examples)
    with averaged_weights(learner.module, learner.average):
        z_0 = learner.readout()[0][batch["ids"]]
        noise = make_noise(7, [example.id for example in examples])
        _, z0_hat = learner.denoise(z_0, batch, noise)
    words = batch["is_target"] & (batch["ids"] != learner.system.resources.tokenizer.pad_id)
    return float((z0_hat - z_0).square().mean(-1)[words].mean() / z_0[words].var())
