"""Resolve a trial: which system, data, recipe and settings, with the keys of all that it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from benchmark.api import DecodingProtocol, Steerable, System
from benchmark.experiment.canvas import resolve_canvas
from benchmark.experiment.configuration import fill
from benchmark.experiment.entry_keys import (
    describe_weights,
    identify_system,
    make_generate_key,
    make_likelihood_key,
    make_operators_key,
    make_trace_key,
    make_train_key,
)
from benchmark.experiment.mbr_setting import with_mbr
from benchmark.experiment.recipes import SystemRecipe, TaskRecipe, TrainingRecipe
from benchmark.experiment.settings import Setting, settings_of, with_labels
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_source import SystemSource
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.trial import FittedOperators, PlannedGeneration, Trial
from benchmark.experiment.weight_choice import choose_weights
from benchmark.tasks import Task
from benchmark.tasks.label_budget import LabelBudget, labelled, read_budget, visible

CHOSEN_AMONG = frozenset({"main", "sweep", "nfe"})
"""Roles of the settings among which places at equal diversity and equal cost are chosen."""


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
    identity = identify_system(recipe, seen, system, system_class, config, seed)
    settings = settings_of(suite, system, system_class, ablate, edits=task.edits)
    choice = choose_weights(training, seen, scoring, system_class)
    train_key = None
    if system_class.capabilities.trainable:
        deciding = describe_weights(training)
        if choice is not None:
            deciding["keep"] = choice.deciding(scoring, settings[0].decoding)
        train_key = make_train_key(identity, deciding, budget, suite.threads)
    operators = _plan_operators(suite, task, system, system_class, train_key, labels, seed)
    settings = tuple(of for of in settings if _is_wanted(of, recipe, is_guided))
    settings = _plan_settings(settings, suite, seen, None if labels == usual else labels)
    origin = operators.key if operators else train_key or identity
    # What a system learns may hide what valid sources ask for: they are decoded as they are.
    planned = [_plan_setting(of, suite, task, system_class, origin, seed) for of in settings]
    likelihood = make_likelihood_key(scoring, seen, system_class, train_key or identity, seed)
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
        trace_key=make_trace_key(scoring, system_class, planned[0]) if labels == usual else None,
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
    key = make_operators_key(train_key, examples, recipe, seed)
    return FittedOperators(key, examples, recipe)


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
    return PlannedGeneration(
        key=make_generate_key(
            setting, suite.evaluation, source, task.split_digests[split], num_samples, seed
        ),
        setting=setting,
        decoding=fill(system_class.Decoding, setting.decoding, "decoding"),
        num_samples=num_samples,
        sources=examples[: setting.num_sources],
        split=split,
    )
