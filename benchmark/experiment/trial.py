"""A trial: one system on one task with one seed, resolved once, with the keys of its entries.

A key is a hash of everything that determines the content of an entry, so a new metric never
generates again, a new setting never trains again, and a finished trial is never redone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal, cast

from benchmark.api import DecodingProtocol, Example, Steerable, System
from benchmark.experiment.canvas import resolve_canvas
from benchmark.experiment.configuration import fill
from benchmark.experiment.mbr_setting import with_mbr
from benchmark.experiment.settings import Setting, settings_of, with_labels
from benchmark.experiment.suite import (
    Budget,
    Evaluation,
    Suite,
    SystemRecipe,
    TaskRecipe,
    TrainingRecipe,
)
from benchmark.experiment.system_source import SystemSource
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.task_tokenizer import identify_tokenizer
from benchmark.experiment.weight_choice import WeightChoice, choose_weights
from benchmark.store.entries import Kind, content_key
from benchmark.tasks import Task
from benchmark.tasks.label_budget import LabelBudget, labelled, read_budget, visible

CHOSEN_AMONG = frozenset({"main", "sweep", "nfe"})
"""Roles of the settings among which places at equal diversity and equal cost are chosen."""


@dataclass(frozen=True)
class PlannedGeneration:
    """One setting of a trial: how it decodes, how many candidates, and which sources."""

    key: str
    setting: Setting
    decoding: DecodingProtocol
    """The setting's decoding as the system's own dataclass."""
    num_samples: int
    """Candidates per source; a deterministic setting has one."""
    sources: tuple[Example, ...]
    """The part of the split that is decoded."""
    split: Literal["test", "valid"] = "test"
    valid: PlannedGeneration | None = None
    """The same on the valid split, where places on curves are chosen; None if none are."""


@dataclass(frozen=True)
class FittedOperators:
    """The operators of a guided system: what they are fitted to, and how."""

    key: str
    labelled: tuple[Example, ...]
    recipe: Any
    """Complete, of the type `system_class.OperatorConfig`."""


@dataclass(frozen=True)
class Trial:
    """One system on one task with one seed; nothing below the plan resolves any of it again."""

    task: Task
    task_recipe: TaskRecipe
    scoring: TaskScoring
    system: str
    system_class: type[System]
    seed: int
    config: Any
    """Complete, of the type `system_class.Config`."""
    training: TrainingRecipe
    budget: Budget
    threads: int
    train_key: str | None
    """None if nothing is trained."""
    operators: FittedOperators | None
    """None unless the system is guided and the task has attributes."""
    generations: tuple[PlannedGeneration, ...]
    """One per setting; the row of the table comes first."""
    trace_key: str | None
    """None if no trace is requested, or the system exposes no steps."""
    likelihood_key: str | None = None
    """None if no likelihoods are requested, or the system has none on this task."""
    labels: LabelBudget | None = None
    """What it learns from; None where its answers do not depend on labels."""
    choice: WeightChoice | None = None
    """How the weights that are kept are chosen; None = the last ones are."""
    suite: str = ""
    """Name of the suite."""
    source: SystemSource | None = None
    """Of a plug-in; None for the systems of this package, whose source is that of the code."""
    row: str = ""
    """What records and reports call the system; see `benchmark.experiment.registry.row_names`."""
    quality_decoding: DecodingProtocol | None = None
    """How the quality curve of training decodes; None as the main setting."""

    @property
    def name(self) -> str:
        """Name in printed text."""
        name = f"{self.task.id} / {self.system} / seed {self.seed}"
        return f"{name} / labels {self.labels}" if self.main.setting.roles == ("labels",) else name

    @property
    def key(self) -> str:
        """The key of its lease: trials that leave the same entries have the same."""
        return content_key({"entries": self.entries})

    @cached_property
    def chars(self) -> float:
        """Characters of a source and its target, on average over the first test examples."""
        first = self.task.test[:200]
        total = sum(len(example.source) + len(example.target) for example in first)
        return round(total / max(1, len(first)), 1)

    def describe(self, stage: str) -> dict[str, Any]:
        """The beginning of the record of one of its entries."""
        named = {"stage": stage, "task": self.task.id, "system": self.system, "seed": self.seed}
        named["chars"] = self.chars
        return named | ({"source": self.source.as_dict()} if self.source else {})

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation: what is generated, and how it is scored."""
        return self.scoring.evaluation

    @property
    def main(self) -> PlannedGeneration:
        """The setting that is the row of the table."""
        return self.generations[0]

    @property
    def recipe(self) -> dict[str, dict[str, Any]]:
        """Its complete `config`, `training`, `budget` and `decoding`, of the main setting."""
        return {
            "config": asdict(self.config),
            "training": self.training.model_dump(),
            "budget": self.budget.model_dump(),
            "decoding": dict(self.main.setting.decoding),
        }

    @property
    def decoded(self) -> tuple[PlannedGeneration, ...]:
        """All that is decoded: every setting, followed by the same on the valid split."""
        return tuple(of for test in self.generations for of in (test, test.valid) if of is not None)

    @property
    def entries(self) -> list[tuple[Kind, str]]:
        """The entries whose keys are known before the trial runs."""
        trained: list[tuple[Kind, str]] = [("train", self.train_key)] if self.train_key else []
        traced: list[tuple[Kind, str]] = [("trace", self.trace_key)] if self.trace_key else []
        fitted: list[tuple[Kind, str]] = (
            [("operators", self.operators.key)] if self.operators else []
        )
        made: list[tuple[Kind, str]] = [("generate", of.key) for of in self.decoded]
        scored: list[tuple[Kind, str]] = (
            [("likelihood", self.likelihood_key)] if self.likelihood_key else []
        )
        return [*trained, *fitted, *made, *traced, *scored]


def resolve_trial(
    suite: Suite,
    task: Task,
    scoring: TaskScoring,
    system: str,
    system_class: type[System],
    seed: int,
    ablate: Sequence[str] = (),
    labels: LabelBudget | None = None,
    *,
    source: SystemSource | None = None,
    row: str | None = None,
) -> Trial:
    """Resolve one trial with everything that determines it.

    Args:
        scoring: the evaluation of the suite on this task.
        system: id, or dotted path of a user's system.
        system_class: the result of `load_system(system)`.
        ablate: names of ablations whose variants are decoded too.
        labels: what it learns from; None = the labels of the task's recipe. With others the trial
            is a point of the curve over labels and has the main setting alone.
        source: the result of `find_source(system, system_class)`.
        row: what records call the system; None = `system`.

    Raises:
        UserError: for a recipe that does not fit the system.
    """
    config = resolve_config(suite, system, system_class)
    recipe = resolve_canvas(suite.tasks[task.id], task)
    training, budget = suite.training_of(system), suite.budget_of(system, task.id)
    usual = read_budget(task, recipe.labels)
    labels = labels or usual
    is_guided = system_class.capabilities.control == "guided"
    seen = visible(task, labels.count, guided=is_guided, labels_alone=labels.alone)
    identity = _identify(recipe, seen, system, system_class, config, seed)
    settings = settings_of(suite, system, system_class, ablate, edits=task.edits)
    choice = choose_weights(training, seen, scoring, system_class)
    train_key = None
    if system_class.capabilities.trainable:
        deciding = _deciding(training)
        if choice is not None:
            deciding["keep"] = choice.deciding(scoring, settings[0].decoding)
        train_key = _train_key(identity, deciding, budget, suite.threads)
    operators = _plan_operators(suite, task, system, system_class, train_key, labels, seed)
    settings = tuple(of for of in settings if _is_wanted(of, recipe, is_guided))
    settings = _plan_settings(settings, suite, seen, None if labels == usual else labels)
    origin = operators.key if operators else train_key or identity
    # What a system learns may hide what valid sources ask for: they are decoded as they are.
    planned = [_plan_setting(of, suite, task, system_class, origin, seed) for of in settings]
    likelihood = _likelihood_key(scoring, seen, system_class, train_key or identity, seed)
    return Trial(
        task=seen,
        task_recipe=recipe,
        scoring=scoring,
        system=system,
        system_class=system_class,
        seed=seed,
        config=config,
        training=training,
        budget=budget,
        threads=suite.threads,
        train_key=train_key,
        operators=operators,
        generations=tuple(planned),
        trace_key=_trace_key(scoring, system_class, planned[0]) if labels == usual else None,
        likelihood_key=likelihood if labels == usual else None,
        labels=labels if learns_labels(task, system_class) else None,
        choice=choice,
        suite=suite.name,
        source=source,
        row=row or system,
        quality_decoding=_quality_decoding(training, system, system_class, settings[0]),
    )


def _quality_decoding(
    training: TrainingRecipe, system: str, system_class: type[System], main: Setting
) -> DecodingProtocol | None:
    if not training.quality_decoding or not system_class.capabilities.trainable:
        return None
    where = f"systems.{system}.training.quality_decoding"
    fill(system_class.Decoding, training.quality_decoding, where)
    values = main.decoding | training.quality_decoding
    made: DecodingProtocol = fill(system_class.Decoding, values, where)
    return made


def learns_labels(task: Task, system_class: type[System]) -> bool:
    """Whether another number of labels gives a system other answers."""
    capabilities = system_class.capabilities
    return bool(task.attributes) and (capabilities.trainable or capabilities.reads_train)


def resolve_config(suite: Suite, system: str, system_class: type[System]) -> Any:
    """The complete configuration of a system.

    Raises:
        UserError: for an unknown field or a value of the wrong type.
    """
    values, where = suite.recipe_of(system).config, f"systems.{system}.config"
    return fill(system_class.Config, values, where, also=SystemRecipe.model_fields)


def resolve_operators(suite: Suite, system: str, system_class: type[System]) -> Any:
    """The complete recipe of the operators of a guided system.

    Raises:
        UserError: for an unknown field or a value of the wrong type.
    """
    values, where = suite.recipe_of(system).operators, f"systems.{system}.operators"
    return fill(cast("type[Steerable]", system_class).OperatorConfig, values, where)


def _is_wanted(setting: Setting, recipe: TaskRecipe, is_guided: bool) -> bool:
    """Whether a task asks for a setting: all of them, or none that is of a sweep alone."""
    is_unguided = is_guided and setting.knob_value == 0
    return recipe.sweep or is_unguided or setting.roles != ("sweep",)


def _plan_settings(
    settings: tuple[Setting, ...], suite: Suite, task: Task, labels: LabelBudget | None
) -> tuple[Setting, ...]:
    """Those of the table with what belongs to it, or the main one with other labels."""
    if labels is not None:
        return (with_labels(settings[0], str(labels)),)
    return with_mbr(settings, suite.evaluation, num_test=len(task.test))


def _identify(
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


def _train_key(
    identity: dict[str, Any], training: dict[str, Any], budget: Budget, threads: int
) -> str:
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


def _deciding(training: TrainingRecipe) -> dict[str, Any]:
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
    }
    if training.optimiser == "adamw":
        fields["newton_schulz_steps"] = usual["newton_schulz_steps"]
    for later, value in usual.items():
        if fields[later] == value:
            fields.pop(later)
    return fields


def _plan_operators(
    suite: Suite,
    task: Task,
    system: str,
    system_class: type[System],
    train_key: str | None,
    labels: LabelBudget,
    seed: int,
) -> FittedOperators | None:
    is_guided = system_class.capabilities.control == "guided"
    if not is_guided or not task.attributes or train_key is None:
        return None
    examples = labelled(task, labels.count)
    recipe = resolve_operators(suite, system, system_class)
    identity = {
        "stage": "operators",
        "train": train_key,
        "labels": [[example.target, dict(example.attributes)] for example in examples],
        "recipe": asdict(recipe),
        "seed": seed,
    }
    return FittedOperators(content_key(identity), examples, recipe)


def _plan_setting(
    setting: Setting,
    suite: Suite,
    task: Task,
    system_class: type[System],
    source: str | dict[str, Any],
    seed: int,
) -> PlannedGeneration:
    """A setting on the test split, and on the valid split if it can stand for its system."""
    planned = _plan_generation(setting, suite, task, "test", system_class, source, seed)
    count = suite.evaluation.valid_sources
    if count is None or not task.valid or not CHOSEN_AMONG & {*setting.roles}:
        return planned
    shorter = replace(setting, num_sources=min(count, len(task.valid)))
    valid = _plan_generation(shorter, suite, task, "valid", system_class, source, seed)
    return replace(planned, valid=valid)


def _plan_generation(
    setting: Setting,
    suite: Suite,
    task: Task,
    split: Literal["test", "valid"],
    system_class: type[System],
    source: str | dict[str, Any],
    seed: int,
) -> PlannedGeneration:
    examples = task.test if split == "test" else task.valid
    usual = setting.num_samples or suite.evaluation.num_samples
    num_samples = 1 if setting.kind == "single" else usual
    identity: dict[str, Any] = {
        "stage": "generate",
        "source": source,
        "data": task.split_digests[split],
        "decoding": setting.decoding,
        "num_samples": num_samples,
        "seed": seed,
    }
    # Compiled sums round differently; entries without compilation keep their earlier keys.
    if suite.evaluation.compile:
        identity["compile"] = suite.evaluation.compile
    if suite.evaluation.precision != "float32":
        identity["precision"] = suite.evaluation.precision
    if setting.num_sources is not None:
        identity["num_sources"] = setting.num_sources
    return PlannedGeneration(
        key=content_key(identity),
        setting=setting,
        decoding=fill(system_class.Decoding, setting.decoding, "decoding"),
        num_samples=num_samples,
        sources=examples[: setting.num_sources],
        split=split,
    )


def _trace_key(
    scoring: TaskScoring, system_class: type[System], main: PlannedGeneration
) -> str | None:
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


def _likelihood_key(
    scoring: TaskScoring,
    task: Task,
    system_class: type[System],
    source: str | dict[str, Any],
    seed: int,
) -> str | None:
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
