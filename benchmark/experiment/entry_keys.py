"""Keys of the entries of a trial: hashes of everything that determines what an entry holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmark.api import Example, System
from benchmark.experiment.recipes import Budget, Evaluation, TaskRecipe, TrainingRecipe
from benchmark.experiment.settings import Setting
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.task_tokenizer import identify_tokenizer
from benchmark.experiment.trial import PlannedGeneration
from benchmark.store.entries import content_key
from benchmark.tasks import Task


def identify_system(
    recipe: TaskRecipe, task: Task, system: str, system_class: type[System], config: Any, seed: int
) -> dict[str, Any]:
    """What determines a system that was not trained yet; `task` is as the system sees it."""
    return {
        "system": system,
        "version": system_class.version,
        "config": asdict(config),
        "data": {"version": task.version, **task.split_digests},
        "lengths": recipe.lengths.model_dump(),
        "tokenizer": identify_tokenizer(recipe.tokenizer),
        "seed": seed,
    }


def make_train_key(
    identity: dict[str, Any], training: dict[str, Any], budget: Budget, threads: int
) -> str:
    """The key of trained weights.

    Args:
        identity: the result of `identify_system`.
        training: the result of `describe_weights`, with how they are chosen where they are.
        budget: of the training.
        threads: of the processor.
    """
    return content_key(
        {
            "stage": "train",
            **identity,
            "data": {name: of for name, of in identity["data"].items() if name != "test"},
            "training": training,
            "budget": budget.model_dump(),
            "threads": threads,
        }
    )


def describe_weights(training: TrainingRecipe) -> dict[str, Any]:
    """The part of the recipe that determines the weights, but for how they are chosen."""
    # The time of checkpoints does not change their content, nor does the curve of quality.
    fields = training.model_dump(
        exclude={"checkpoint_s", "keep", "keep_examples", "quality_decoding"}
    )
    # Fields of a later version: entries of an earlier one keep their keys.
    usual = {
        "by_length": False,
        "compile": False,
        "ema_warmup": True,
        "optimiser": "adamw",
        "newton_schulz_steps": 5,
        "muon": "bfloat16",
    }
    fields["muon"] = fields.pop("muon_precision")
    if training.optimiser == "adamw":
        fields |= {name: usual[name] for name in ("newton_schulz_steps", "muon")}
    for later, value in usual.items():
        if fields[later] == value:
            fields.pop(later)
    return fields


def make_operators_key(train_key: str, examples: Sequence[Example], recipe: Any, seed: int) -> str:
    """The key of operators on trained weights.

    Args:
        train_key: of the weights.
        examples: those with labels.
        recipe: of the type `OperatorConfig` of the system.
        seed: of the trial.
    """
    identity = {
        "stage": "operators",
        "train": train_key,
        "labels": [[example.target, dict(example.attributes)] for example in examples],
        "recipe": asdict(recipe),
        "seed": seed,
    }
    return content_key(identity)


def make_generate_key(
    setting: Setting,
    evaluation: Evaluation,
    source: str | dict[str, Any],
    data: str,
    num_samples: int,
    seed: int,
) -> str:
    """The key of candidates.

    Args:
        setting: how they are decoded, and of how many sources.
        evaluation: of the suite.
        source: the key of weights or operators, or what `identify_system` says.
        data: the digest of the split.
        num_samples: candidates per source.
        seed: of the trial.
    """
    identity: dict[str, Any] = {
        "stage": "generate",
        "source": source,
        "data": data,
        "decoding": setting.decoding,
        "num_samples": num_samples,
        "seed": seed,
    }
    # Compiled sums round differently; entries without compilation keep their earlier keys.
    if evaluation.compile:
        identity["compile"] = evaluation.compile
    if evaluation.precision != "float32":
        identity["precision"] = evaluation.precision
    if setting.num_sources is not None:
        identity["num_sources"] = setting.num_sources
    return content_key(identity)


def make_trace_key(
    scoring: TaskScoring, system_class: type[System], main: PlannedGeneration
) -> str | None:
    """The key of a curve along a generation; None where nobody asks, or there are no steps."""
    recipe = scoring.evaluation.trace
    if recipe is None or main.setting.kind == "n-best" or not hasattr(system_class, "read_state"):
        return None
    return content_key(
        {
            "stage": "trace",
            "generate": main.key,
            "recipe": recipe.model_dump(),
            "metrics": {m.id: m.signature for m in scoring.traced},
            "interval": scoring.evaluation.interval.model_dump(),
        }
    )


def make_likelihood_key(
    scoring: TaskScoring,
    task: Task,
    system_class: type[System],
    source: str | dict[str, Any],
    seed: int,
) -> str | None:
    """The key of likelihoods; None where nobody asks for them, or the system has none."""
    recipe, kind = scoring.evaluation.likelihood, system_class.capabilities.likelihood
    if recipe is None or kind is None or not hasattr(system_class, "log_likelihood"):
        return None
    if system_class.family == "yardstick" and task.conditional is None:
        return None
    identity: dict[str, Any] = {
        "stage": "likelihood",
        "source": source,
        "data": task.split_digests["test"],
        "kind": kind,
        "interval": scoring.evaluation.interval.model_dump(),
    }
    # Nothing else is random.
    if kind == "lower bound":
        identity |= {"recipe": recipe.model_dump(), "seed": seed}
    return content_key(identity)
