"""Train a system on a task and store it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.api import DecodingProtocol, Example, System, write_identity
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.system_factory import build_system, count_parameters, vocab_size
from benchmark.experiment.task_tokenizer import task_tokenizer
from benchmark.experiment.trial import Trial
from benchmark.experiment.weight_choice import LOSS
from benchmark.generation.measured_generation import generate
from benchmark.metrics import Item, make_metric
from benchmark.runtime.command_line import note
from benchmark.store.files import folder_digest, make_empty
from benchmark.store.provenance import provenance
from benchmark.store.seal import DamagedError, read_sealed, write_sealed
from benchmark.training.checkpoints import OF_TRAINING
from benchmark.training.model_card import BESIDE_WEIGHTS, write_card
from benchmark.training.selection import Selection
from benchmark.training.trackers import TensorBoardTracker, Tracker, WandbTracker
from benchmark.training.trainer import Trainer
from benchmark.training.validation import Quality

SOURCE = "source.json"
"""The source of a plug-in that a training began with."""


def train(trial: Trial, context: RunContext) -> None:
    """Make the entry `trial.train_key`, resuming where an earlier call stopped.

    With several processes, all train and only the first writes.
    """
    assert trial.train_key is not None
    store, task, key = context.store, trial.task, trial.train_key
    folder = store.partial("train", key)
    source = _begin(folder, trial) if context.processes.is_main else None
    system = build_system(trial)
    tokenizer = task_tokenizer(task, trial.task_recipe.tokenizer)
    tokenizer.remember(text for e in task.train for text in (e.source, e.target))
    if system.module is not None:
        system.module.to(context.device)

    def on_progress(done: int, total: int, text: str) -> None:
        context.on_stage(trial.name, "train", done, total, text)

    trackers = [*_begin_tracking(trial, context)]

    def follow(event: dict[str, Any]) -> None:
        for tracker in trackers:
            tracker.add(event)

    trainer = Trainer(
        system,
        task.train,
        task.valid,
        recipe=trial.training,
        budget=trial.budget,
        seed=trial.seed,
        folder=folder,
        device=context.device,
        quality=_quality(trial, context),
        selection=_selection(trial, context),
        on_progress=on_progress,
        on_event=follow,
        on_checkpoint=lambda: store.check_held("train", key),
        processes=context.processes,
    )
    try:
        summary = trainer.run()
    finally:
        for tracker in trackers:
            tracker.close()
    if not context.processes.is_main:
        return
    system.save(make_empty(folder / "system"))
    # What a plug-in saves in its own way is named too.
    write_identity(folder / "system", trial.system_class)
    write_card(folder / "system", trial, summary)
    record = {
        **trial.describe("train"),
        **({"source": source} if source else {}),
        "data": task.digest,
        "config": asdict(trial.config),
        "training": trial.training.model_dump(mode="json"),
        "budget": trial.budget.model_dump(mode="json"),
        **({"micro_batch": trainer.micro_batch} if trial.training.micro_batch == "auto" else {}),
        "summary": asdict(summary)
        | {
            "parameters": count_parameters(system, vocab_size(trial)),
            # Of the weights and what they need, so that it is the same in every version.
            "system_digest": folder_digest(folder / "system", without=BESIDE_WEIGHTS),
        },
        **provenance(context.device, trial.threads),
        "processes": context.processes.count,
        "precision": trainer.precision,
    }
    store.finish("train", key, record, scratch=OF_TRAINING)


def _begin(folder: Path, trial: Trial) -> dict[str, Any] | None:
    """Keep which source of a user's system a training began with; that is what made the entry."""
    if trial.source is None:
        return None
    path, begun = folder / SOURCE, None
    if (folder / "checkpoint").exists():
        with suppress(DamagedError):
            begun, _ = read_sealed(path)
    if begun is not None and not trial.source.made({"source": begun}):
        note(f"note: the training of {trial.name} goes on with another source than it began with.")
        return begun
    write_sealed(path, trial.source.as_dict(), {})
    return trial.source.as_dict()


def _begin_tracking(trial: Trial, context: RunContext) -> Iterator[Tracker]:
    if not context.processes.is_main:
        return
    if context.tensorboard is not None:
        folder = context.tensorboard / trial.task.id / trial.system / f"seed-{trial.seed}"
        yield TensorBoardTracker(folder)
    if context.wandb is not None:
        assert trial.train_key is not None
        yield WandbTracker(
            context.wandb,
            key=trial.train_key,
            name=trial.name,
            config={"suite": trial.suite, "task": trial.task.id, "system": trial.system,
                    "seed": trial.seed, "config": asdict(trial.config),
                    "training": trial.training.model_dump(mode="json"),
                    "budget": trial.budget.model_dump(mode="json")},
            folder=context.store.root,
        )  # fmt: skip


def _quality(trial: Trial, context: RunContext) -> Quality | None:
    """Quality of one sample per source on a few validation examples: the curve over training."""
    task = trial.task
    examples = task.valid[: trial.training.quality_examples]
    # A guided system generates what is asked for only once it has operators.
    if not examples or trial.operators is not None:
        return None
    specs = [_sentence_bleu(trial), *(["validity"] if task.conditional is not None else [])]
    specs += ["control"] if task.judge is not None else []
    metrics = [
        make_metric(
            spec,
            conditional=task.conditional,
            judge=task.judge,
            script=trial.scoring.script,
            unit=trial.scoring.unit,
        )
        for spec in specs
    ]

    def quality(system: System) -> dict[str, float]:
        decoding = trial.quality_decoding or trial.main.decoding
        items = _generate_one_each(system, examples, decoding, trial, context)
        return {m.id: float(m.score(items).values.mean()) for m in metrics}

    return quality


def _selection(trial: Trial, context: RunContext) -> Selection | None:
    """What decides which weights are kept; None if the last ones are."""
    if trial.choice is None:
        return None
    examples = trial.choice.of(trial.task)
    if trial.choice.measure == LOSS:
        return Selection(LOSS, examples)
    metric = trial.scoring.metric(trial.choice.measure)

    def score(system: System) -> float:
        items = _generate_one_each(system, examples, trial.main.decoding, trial, context)
        return float(metric.score(items).values.mean())

    return Selection(metric.id, examples, score)


def _generate_one_each(
    system: System,
    examples: Sequence[Example],
    decoding: DecodingProtocol,
    trial: Trial,
    context: RunContext,
) -> list[Item]:
    """One candidate for each source."""
    made = generate(
        system,
        examples,
        decoding,
        num_samples=1,
        seed=trial.seed,
        batch=trial.evaluation.batch,
        device=context.device,
        processes=context.processes,
    )
    return [
        Item(e.id, e.source, e.references, (c[0].text,))
        for e, c in zip(examples, made.candidates, strict=True)
    ]


def _sentence_bleu(trial: Trial) -> str:
    """The sentence BLEU that stands first in the table, so that both are of one case."""
    name = "bleu_sent_m4"
    return next((metric.id for metric in trial.scoring.metrics if metric.name == name), name)
