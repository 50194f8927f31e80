"""Train a system on a task and store it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.api import System
from benchmark.experiment.configuration import fill
from benchmark.experiment.plan import Cell, config_of
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_factory import build_system, parameter_counts, vocab_size
from benchmark.generation.measured_generation import generate
from benchmark.metrics import Item, make_metric
from benchmark.runtime.distributed import ALONE, Processes
from benchmark.store.entries import Store
from benchmark.store.files import folder_digest
from benchmark.store.provenance import provenance
from benchmark.tasks import Task
from benchmark.training.trainer import OnEvent, OnProgress, Quality, Trainer


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
    from benchmark.training.trackers import EventMirror

    return EventMirror(tensorboard / cell.task / cell.system / f"seed-{cell.seed}").add


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
