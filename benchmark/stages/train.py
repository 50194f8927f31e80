"""Train a system on a task and store it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from benchmark.api import Lengths, Resources, System
from benchmark.generation import generate
from benchmark.metrics import Item, make_metric
from benchmark.noise import row_seed
from benchmark.plan import Cell, config_of
from benchmark.processes import ALONE, Processes
from benchmark.provenance import provenance
from benchmark.registry import load_system
from benchmark.settings import fill
from benchmark.store import Store, folder_digest
from benchmark.suite import Suite, TaskRecipe
from benchmark.tasks import Task
from benchmark.tokenization import SubwordTokenizer, TokenizerRecipe, train_tokenizer
from benchmark.training import OnEvent, OnProgress, Quality, Trainer


def train(
    cell: Cell,
    suite: Suite,
    task: Task,
    store: Store,
    *,
    device: str,
    on_progress: OnProgress | None = None,
    tensorboard: Path | None = None,
    processes: Processes = ALONE,
) -> None:
    """Make the entry `cell.train_key`, going on where an earlier call was stopped.

    Of several processes all train, and the first alone writes.
    """
    assert cell.train_key is not None
    folder = store.partial("train", cell.train_key)
    system = build_system(cell, suite, task)
    recipe, budget = suite.training_of(cell.system), suite.budget_of(cell.system, cell.task)
    if system.module is not None:
        system.module.to(device)
    summary = Trainer(
        system,
        task.train,
        task.valid,
        recipe=recipe,
        budget=budget,
        seed=cell.seed,
        folder=folder,
        device=device,
        quality=_quality(cell, suite, task, device, processes),
        on_progress=on_progress,
        on_event=_mirror(cell, tensorboard) if processes.is_main else None,
        processes=processes,
    ).run()
    if not processes.is_main:
        return
    system.save(folder / "system")
    record = {
        "stage": "train",
        "task": cell.task,
        "system": cell.system,
        "seed": cell.seed,
        "data": task.digest,
        "config": asdict(config_of(suite, cell.system, type(system))),
        "training": recipe.model_dump(mode="json"),
        "budget": budget.model_dump(mode="json"),
        "summary": asdict(summary)
        | {
            "parameters": parameter_counts(system, vocab_size(suite, task)),
            "system_digest": folder_digest(folder / "system"),
        },
        **provenance(device, suite.threads),
        "processes": processes.count,
    }
    store.finish("train", cell.train_key, record)


def _mirror(cell: Cell, tensorboard: Path | None) -> OnEvent | None:
    if tensorboard is None:
        return None
    from benchmark.tensorboard import EventMirror

    return EventMirror(tensorboard / cell.task / cell.system / f"seed-{cell.seed}").add


def build_system(cell: Cell, suite: Suite, task: Task) -> System:
    """A fresh system with weights drawn from the cell's seed."""
    system_class = load_system(cell.system)
    torch.manual_seed(row_seed(cell.seed, f"weights of {cell.system}", 0))
    return system_class.build(
        config_of(suite, cell.system, system_class),
        resources(task, suite.tasks[task.id], system_class.family),
    )


def resources(task: Task, recipe: TaskRecipe, family: str = "") -> Resources:
    """What a system may know of a task: the references of the test split are for yardsticks."""
    known = task.test if family == "yardstick" else ()
    references = {example.id: example.references for example in known}
    return Resources(
        tokenizer=_tokenizer(task, TokenizerRecipe(**recipe.tokenizer.model_dump())),
        lengths=Lengths(**recipe.lengths.model_dump()),
        train=task.train,
        references=references,
        conditional=task.conditional if family == "yardstick" else None,
    )


def vocab_size(suite: Suite, task: Task) -> int:
    """Entries of the vocabulary of a task."""
    return resources(task, suite.tasks[task.id]).tokenizer.vocab_size


class _Identity:
    """A task as a key of a cache: its digest names all of its content."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __hash__(self) -> int:
        return hash(self.task.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.task.digest == self.task.digest


@lru_cache(maxsize=16)
def _trained(task: _Identity, recipe: TokenizerRecipe) -> SubwordTokenizer:
    texts = (text for e in task.task.train for text in (e.source, *e.references))
    return train_tokenizer(texts, recipe)


def _tokenizer(task: Task, recipe: TokenizerRecipe) -> SubwordTokenizer:
    return _trained(_Identity(task), recipe)


def parameter_counts(system: System, vocab_size: int) -> dict[str, int]:
    """Trained numbers in all, and those of tables: of words (either way) and of positions."""
    module = system.module
    if module is None:
        return {"total": 0, "embedding": 0}
    embedding = {
        id(parameter): parameter.numel()
        for part in module.modules()
        for name, parameter in part.named_parameters(recurse=False)
        if isinstance(part, torch.nn.Embedding)
        or name == "positions"
        or parameter.shape[:1] == (vocab_size,)
    }
    total = sum(parameter.numel() for parameter in module.parameters())
    return {"total": total, "embedding": sum(embedding.values())}


def _quality(
    cell: Cell, suite: Suite, task: Task, device: str, processes: Processes
) -> Quality | None:
    """Quality of one sample a source on a few validation examples: the curve over training."""
    training = suite.training_of(cell.system)
    examples = task.valid[: training.quality_examples]
    if not examples:
        return None
    specs = ["bleu_sent_m4", *(["validity"] if task.conditional is not None else [])]
    metrics = [make_metric(spec, conditional=task.conditional) for spec in specs]
    decoding_class: Callable[..., Any] = load_system(cell.system).Decoding
    decoding = fill(decoding_class, suite.recipe_of(cell.system).decoding, "decoding")  # type: ignore[arg-type]

    def quality(system: System) -> dict[str, float]:
        made = generate(
            system,
            examples,
            decoding,
            num_samples=1,
            seed=cell.seed,
            batch=suite.evaluation.batch,
            device=device,
            processes=processes,
        )
        items = [
            Item(e.id, e.source, e.references, (c[0].text,))
            for e, c in zip(examples, made.candidates, strict=True)
        ]
        return {m.id: float(m.score(items).values.mean()) for m in metrics}

    return quality
