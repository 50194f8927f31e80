"""Suites: complete recipes in YAML, read strictly.

An unknown key of a recipe is an error with a suggestion; every default is written here, in the
system's `Config` and `Decoding`, or in the file, and the complete recipe is stored with the
results.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, field_validator

from benchmark.api import UserError
from benchmark.api.did_you_mean import nearest, suggestion
from benchmark.api.regular_file import check_regular
from benchmark.experiment.configuration import fill
from benchmark.experiment.overrides import apply
from benchmark.experiment.recipes import (
    Budget,
    Evaluation,
    Recipe,
    Seed,
    SystemRecipe,
    TaskRecipe,
    TraceRecipe,
    TrainingRecipe,
)
from benchmark.runtime.yaml_format import read_yaml, write_yaml
from benchmark.tasks import list_tasks, read_origin


class Suite(Recipe):
    """A complete recipe."""

    name: str
    description: str = ""
    seeds: list[Seed] = Field([1], min_length=1)
    threads: Annotated[int, Field(gt=0, le=4096)] = 1
    """CPU threads of a trial; fixed, because sums in another order round differently."""
    tasks: dict[str, TaskRecipe]
    other_tasks: TaskRecipe | None = None
    """The recipe of a folder in `--data-dir` that has none of its own."""
    training: TrainingRecipe = TrainingRecipe()
    budget: Budget
    evaluation: Evaluation = Evaluation()
    systems: dict[str, SystemRecipe]
    tuning: str | None = None
    """Record of the search of its recipes, a path from the working folder, or else from the
    suites of the package; decides no result."""

    @field_validator("seeds")
    @classmethod
    def _differ(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            # One training that counts twice would make an interval too narrow.
            raise ValueError("a seed stands twice: name every seed once")
        return seeds

    def with_tasks(self, names: Sequence[str], data_dir: Path | None) -> Suite:
        """The suite with a recipe added for each named task of `data_dir` without one.

        A distilled task has the recipe of its original task.

        Raises:
            UserError: if a task is nowhere, or is in `data_dir` and the suite has no recipe for it.
        """
        if data_dir is None:
            return self
        new: dict[str, TaskRecipe] = {}
        for name in names:
            if name in self.tasks or name == "all":
                continue
            # A folder of texts with attributes is also the task `<folder>-edit`.
            folder = data_dir / name
            folder = folder if folder.is_dir() else data_dir / name.removesuffix("-edit")
            present = [] if folder.is_dir() else list_tasks(data_dir)
            if present and name not in present:
                raise UserError(
                    f"There is no task {name!r} in suite {self.name!r} and none in {data_dir}:"
                    f" {suggestion(name, [*self.tasks, *present])}"
                )
            recipe = self.tasks.get(read_origin(folder) or "", self.other_tasks)
            if recipe is None:
                raise UserError(
                    f"The suite {self.name} has no recipe for {name!r}: name another with"
                    " --suite, such as small or tiny."
                )
            new[name] = recipe
        return self.model_copy(update={"tasks": self.tasks | new})

    def with_trace(self) -> Suite:
        """The suite with tracing on: its own recipe, or the default."""
        trace = self.evaluation.trace or TraceRecipe()
        evaluation = self.evaluation.model_copy(update={"trace": trace})
        return self.model_copy(update={"evaluation": evaluation})

    def with_label_sweep(self, tasks: Sequence[str], budgets: Sequence[int | str | None]) -> Suite:
        """The suite with the curve over these numbers of labels on some tasks; None = all."""
        changed = {
            name: self.tasks[name].model_copy(update={"label_sweep": list(budgets)})
            for name in tasks
        }
        return self.model_copy(update={"tasks": self.tasks | changed})

    def training_of(self, system: str) -> TrainingRecipe:
        """The suite's training with the system's overrides."""
        changes = self.recipe_of(system).training
        values, where = self.training.model_dump() | changes, f"systems.{system}.training"
        return fill(TrainingRecipe, values, where)

    def budget_of(self, system: str, task: str) -> Budget:
        """The suite's budget with the overrides of the task, then of the system."""
        of_task = self.budget.model_dump() | self.tasks[task].budget
        fill(Budget, of_task, f"tasks.{task}.budget")
        changes = self.recipe_of(system).budget
        return fill(Budget, of_task | changes, f"systems.{system}.budget")

    def recipe_of(self, system: str) -> SystemRecipe:
        """The system's recipe; all defaults for a system outside the suite."""
        return self.systems.get(system, SystemRecipe())

    def yaml(self) -> str:
        """The complete recipe, defaults included."""
        return write_yaml(
            self.model_dump(mode="json", exclude={"tuning"} if self.tuning is None else None)
        )


def suite_names() -> list[str]:
    """The suites in the package."""
    folder = resources.files("benchmark") / "suites"
    return sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_suite(name: str, overrides: Sequence[str] = ()) -> Suite:
    """Read a suite by name or path and apply `key=value` overrides.

    A key is a path into the file (`evaluation.num_samples`). Short forms: `lengths.`, `limits.`,
    `tokenizer.`, `tokens`, `source_key`, `target_key` and `refs_key` reach every task; `training.`
    and `budget.` reach every system, including those with their own value; `SYSTEM.key` is a field
    of the system's recipe or of its config.

    Raises:
        UserError: for an unknown suite or key, or an invalid value.
    """
    values = _read_yaml(name)
    known = list(values.get("tasks") or ())
    for override in overrides:
        apply(
            values,
            override,
            suite_keys=Suite.model_fields,
            recipe_keys=SystemRecipe.model_fields,
        )
    _complete_new_tasks(values, known)
    suite = fill(Suite, values, "")
    for system in suite.systems:
        suite.training_of(system)
        for task in suite.tasks:
            suite.budget_of(system, task)
    return suite


def _complete_new_tasks(values: dict[str, Any], known: Collection[str]) -> None:
    """Give what overrides say of a task outside the file the rest of the recipe of other tasks.

    Raises:
        UserError: if there is no such recipe, or the name is close to that of a task of the file.
    """
    tasks, usual = values.get("tasks"), values.get("other_tasks")
    if not isinstance(tasks, dict):
        return
    for name, recipe in [*tasks.items()]:
        if name in known or not isinstance(recipe, dict) or _has_lengths(recipe):
            continue
        if not isinstance(usual, dict) or nearest(name, known):
            raise UserError(f"Unknown key 'tasks.{name}': {suggestion(name, known)}")
        parts = {
            key: {**usual[key], **of} if isinstance(of, dict) and key in usual else of
            for key, of in recipe.items()
        }
        tasks[name] = {**_expand_aliases(usual), "default": False, **parts}


def _has_lengths(recipe: dict[str, Any]) -> bool:
    lengths = recipe.get("lengths")
    return isinstance(lengths, dict) and {"source", "target"} <= {*lengths}


def _read_yaml(name: str) -> dict[str, Any]:
    if name in suite_names():
        text = (resources.files("benchmark") / "suites" / f"{name}.yaml").read_text("utf-8")
    elif name.endswith((".yaml", ".yml")):
        check_regular(Path(name))
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"The suite {name} cannot be read: {error}.") from error
    else:
        raise UserError(f"There is no suite {name!r}: {suggestion(name, suite_names())}")
    try:
        values = read_yaml(text)
    except yaml.YAMLError as error:
        place = " ".join(str(error).split())
        raise UserError(f"The suite {name} is not valid YAML: {place}.") from error
    if not isinstance(values, dict):
        raise UserError(f"The suite {name} holds no keys: it must be a mapping.")
    return _expand_aliases(values)


def _expand_aliases(value: Any) -> Any:
    """The value without YAML's aliases, so that changing one place does not change the others."""
    if isinstance(value, dict):
        return {key: _expand_aliases(inner) for key, inner in value.items()}
    return [_expand_aliases(inner) for inner in value] if isinstance(value, list) else value
