"""`diffuseq` against the published procedure, written out plainly, from equal weights.

`diffuseq-train`: updates of suite mini's network on a canvas of 128 tokens, the paper's. Theirs
pads every pair to all of it; ours gives each row its own canvas (`fit: row`).

`diffuseq-sample`: one trained network; theirs takes all 2,000 steps with the clamp at each,
ours few. What the texts are worth is measured on both sides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.api import Batch, Example, Lengths, make_noise
from benchmark.metrics import make_metric
from benchmark.tasks import Task, load_task
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.mini_diffuseq import (
    as_items,
    build_diffuseq,
    make_decoding,
    train_diffuseq,
    write_texts,
)
from benchmark.timing.peak_memory import peak_bytes
from benchmark.timing.published_diffuseq import PublishedDiffuSeq
from benchmark.timing.speed_result import Result, Side
from benchmark.training.ema import moving_average

CANVAS, ROOM = 128, 32
TRAINED_ON = "paraphrase"
SAMPLED_ON = "simplification"
"""Nearly one to one, so that few texts tell scores apart that differ by little."""
BATCH, UPDATES_A_TURN, UPDATES = 64, 2, 120
LEARNING_RATE, EMA_DECAY = 2e-3, 0.99
SOURCES = 50
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
    whole = _system(task, "whole", Lengths(CANVAS - ROOM, ROOM))
    fitted = _system(task, "row", Lengths(CANVAS - ROOM, ROOM))
    fitted.module.load_state_dict(whole.module.state_dict())
    sides = (_Ours(fitted), _Published(whole))
    ours, theirs = (
        Contender(name, side.timed(task.train, batch), network=side.network, module=side.module)
        for name, side in zip(("diffuseq", "published procedure"), sides, strict=True)
    )
    first, second = alternate(ours, theirs, sentences=batch * UPDATES_A_TURN, repeats=repeats)
    found = []
    for side in sides:
        side.start()
        for update in range(updates):
            side.update(_batch(task.train, update, batch))
        # Both are judged on the words of the target, each on the canvas that it has learnt.
        found.append({f"mse_of_words_after_{updates}": _error_of_words(side, task.valid)})
    memory = [peak_bytes(side.timed(task.train, batch)) for side in sides]
    return Result(
        "diffuseq-train",
        _with(first, found[0], memory[0]),
        _with(second, found[1], memory[1]),
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
    system = _system(task, "whole")
    train_diffuseq(system, task, updates=updates)
    published = PublishedDiffuSeq.of(system).eval()
    examples = task.test[:sources]
    written: list[list[str]] = []
    decoding = make_decoding(system, FEW)

    def few(num_samples: int = 1) -> list[list[str]]:
        return write_texts(system, examples, decoding, num_samples=num_samples)

    def all_steps() -> None:
        opened = system.canvas.open([e.source for e in examples])
        generator = torch.Generator().manual_seed(len(written))
        rows = published.sample(opened.batch["ids"], opened.batch["is_target"], generator)
        written.append(
            [
                system.canvas.read(row[start:end]).text
                for row, start, end in zip(rows.tolist(), opened.starts, opened.ends, strict=True)
            ]
        )

    first, second = alternate(
        Contender("diffuseq", few, network=system.network, module=system.module),
        Contender("published procedure", all_steps, network=published, module=published),
        sentences=sources,
        repeats=repeats,
    )
    memory = peak_bytes(few), peak_bytes(all_steps)
    theirs = [list(of_source) for of_source in zip(*written, strict=True)]
    return Result(
        "diffuseq-sample",
        _with(first, _scores(examples, few(samples), task.conditional), memory[0]),
        _with(second, _scores(examples, theirs, task.conditional), memory[1]),
        f"suite mini's diffuseq, task {SAMPLED_ON}, {sources} sources at once; theirs"
        f" {system.config.diffusion_steps} ancestral steps with the clamp at each, all states kept;"
        f" ours {FEW['solver']}, {FEW['nfe']} calls",
    )


class _Training(ABC):
    """One side: its network, its loss, and the optimiser that both have."""

    def __init__(self, system: Any, module: nn.Module, network: nn.Module) -> None:
        self.system, self.module, self.network = system, module, network
        self.fresh = {name: value.clone() for name, value in module.state_dict().items()}
        self.start()

    @abstractmethod
    def loss(self, batch: Batch, ids: Sequence[str]) -> Tensor:
        """The objective; `ids` key the noise."""

    @abstractmethod
    def table(self, module: Any) -> Tensor:
        """The embeddings in `module`, which is like that of this side."""

    @abstractmethod
    def predict(self, module: Any, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        """z0_hat of `module`."""

    def start(self) -> None:
        """From the first weights, with a new optimiser."""
        self.module.load_state_dict(self.fresh)
        self.module.train()
        self.optimiser = torch.optim.AdamW(
            self.module.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True
        )
        average = moving_average(self.module, EMA_DECAY)
        assert average is not None
        self.average = average
        self.updates = 0

    def update(self, examples: Sequence[Example]) -> None:
        """One update."""
        ids = [f"update {self.updates} row {row}" for row in range(len(examples))]
        self.loss(self.system.collate(examples), ids).backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.average.update_parameters(self.module)
        self.updates += 1

    def timed(self, train: Sequence[Example], batch: int) -> Callable[[], None]:
        """Some updates."""

        def run() -> None:
            for _ in range(UPDATES_A_TURN):
                self.update(_batch(train, self.updates, batch))

        return run


class _Ours(_Training):
    def __init__(self, system: Any) -> None:
        super().__init__(system, system.module, system.network)

    def loss(self, batch: Batch, ids: Sequence[str]) -> Tensor:
        total: Tensor = self.system.loss(batch, make_noise(1, ids)).total
        return total

    def table(self, module: Any) -> Tensor:
        table: Tensor = module.readout.weight
        return table

    def predict(self, module: Any, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        z0_hat: Tensor = module.denoiser(z_t, t, batch.get("present"))
        return z0_hat


class _Published(_Training):
    def __init__(self, system: Any) -> None:
        published = PublishedDiffuSeq.of(system)
        super().__init__(system, published, published)
        self.published = published
        self.generator = torch.Generator().manual_seed(1)

    def loss(self, batch: Batch, ids: Sequence[str]) -> Tensor:
        steps, dim = len(self.published.alpha_bar) - 1, self.published.table.shape[1]
        shape = (*batch["ids"].shape, dim)
        t = torch.randint(1, steps + 1, shape[:1], generator=self.generator)
        start_eps, eps = (torch.randn(shape, generator=self.generator) for _ in range(2))
        return self.published.loss(batch["ids"], batch["is_target"], t, start_eps, eps)

    def table(self, module: Any) -> Tensor:
        table: Tensor = module.table
        return table

    def predict(self, module: Any, z_t: Tensor, t: Tensor, batch: Batch) -> Tensor:
        z0_hat: Tensor = module(z_t, t)
        return z0_hat


@torch.no_grad()
def _error_of_words(side: _Training, examples: Sequence[Example]) -> float:
    """Mean squared error of z0_hat at the words and the end of the target, t even over 1..T.

    In units of the spread of the embeddings, which each side has learnt for itself.
    """
    batch, trained = side.system.collate(examples), side.average.module
    ids, is_target = batch["ids"], batch["is_target"]
    noise = make_noise(7, [example.id for example in examples])
    alpha_bar = side.system.module.alpha_bar
    t = (noise.uniform((1,), stream="t")[:, 0] * (len(alpha_bar) - 1)).long() + 1
    z_0 = side.table(trained)[ids]
    level = alpha_bar[t].float()[:, None, None]
    eps = noise.normal(tuple(z_0.shape[1:]), stream="forward")
    z_t = torch.where(is_target[..., None], level.sqrt() * z_0 + (1 - level).sqrt() * eps, z_0)
    z0_hat = side.predict(trained, z_t, t, batch)
    words = is_target & (ids != side.system.resources.tokenizer.pad_id)
    return float((z0_hat - z_0).square().mean(-1)[words].mean() / z_0[words].var())


def _system(task: Task, fit: str, lengths: Lengths | None = None) -> Any:
    return build_diffuseq(task, {"mse_over": "all", "fit": fit}, lengths=lengths)


def _batch(train: Sequence[Example], update: int, batch: int) -> list[Example]:
    return [train[(update * batch + row) % len(train)] for row in range(batch)]


def _scores(
    examples: Sequence[Example], texts: Sequence[Sequence[str]], conditional: Any
) -> dict[str, float]:
    """Sentence BLEU against all references, its standard error, and the share that is valid."""
    metric = make_metric("bleu_sent_m4")
    items = as_items(examples, texts)
    of_sources = metric.score(items).values.mean(1)
    valid = make_metric("validity", conditional=conditional).score(items).values
    return {
        "bleu_sent_m4": float(of_sources.mean()),
        "standard_error": float(of_sources.std(ddof=1) / len(of_sources) ** 0.5),
        "valid": float(valid.mean()),
    }


def _with(side: Side, found: dict[str, float], memory: int | None) -> Side:
    return replace(side, found=found, peak_bytes=memory)
