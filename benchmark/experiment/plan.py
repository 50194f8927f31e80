"""From a suite to a plan: every trial of task x system x seed, resolved once and handed down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from benchmark.api import System
from benchmark.experiment.registry import load_system, row_names
from benchmark.experiment.selection import check_ablations, choose_systems
from benchmark.experiment.settings import settings_of
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_source import find_source
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.experiment.trial import Trial
from benchmark.experiment.trial_resolution import learns_labels, resolve_config, resolve_trial
from benchmark.experiment.weight_choice import explain_last
from benchmark.tasks import Task, load_task
from benchmark.tasks.file_reading import describe_reading
from benchmark.tasks.label_budget import LabelBudget, read_budget


@dataclass(frozen=True)
class Plan:
    """What a call of `benchmark.run` will do."""

    suite: Suite
    data_dir: Path | None
    tasks: dict[str, Task]
    trials: tuple[Trial, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is read of files, and which metrics should be measured and are not."""
        said = [sentence for task in self.tasks.values() for sentence in describe_reading(task)]
        said += [remark for trial in self.trials for remark in trial.scoring.remarks]
        said += [explain_last(of.training, of.task, of.scoring) for of in self.trials]
        return tuple(dict.fromkeys(sentence for sentence in said if sentence))


def make_plan(
    suite: Suite,
    *,
    tasks: Sequence[str],
    systems: Sequence[str],
    data_dir: Path | None,
    ablate: Sequence[str] = (),
) -> Plan:
    """Load the data, check every recipe, and compute the key of every entry.

    Args:
        systems: names, or `default` and `all` as in `choose_systems`.
        ablate: ablations by name; a system with one of them also decodes its variants.

    Raises:
        UserError: for data that cannot be read, a recipe that does not fit its system, or an
            ablation that no system has.
    """
    chosen = {task: choose_systems(suite, systems, task) for task in tasks}
    named = [*dict.fromkeys(chain.from_iterable(chosen.values()))]
    check_ablations(named, ablate)
    # Every file of a plug-in is read for it: once for all of its trials.
    classes = {system: load_system(system) for system in named}
    sources = {name: find_source(name, system) for name, system in classes.items()}
    rows = row_names(classes)
    loaded = {name: load_limited(suite, name, data_dir) for name in tasks}
    scoring = {name: resolve_scoring(suite, task) for name, task in loaded.items()}
    trials = [
        resolve_trial(
            suite,
            loaded[task],
            scoring[task],
            system,
            classes[system],
            seed,
            ablate,
            labels,
            source=sources[system],
            row=rows[system],
        )
        for task in tasks
        for system in chosen[task]
        if applies(suite, loaded[task], system)
        for seed in suite.seeds
        for labels in label_budgets(suite, loaded[task], classes[system])
    ]
    return Plan(suite, data_dir, loaded, tuple(trials))


def load_limited(suite: Suite, task: str, data_dir: Path | None) -> Task:
    """The task with the suite's limits, read from the columns that its recipe names."""
    recipe = suite.tasks[task]
    limits = recipe.limits.model_dump()
    return load_task(task, data_dir=data_dir, limits=limits, columns=recipe.columns)


def with_defaults(suite: Suite, systems: Sequence[str]) -> Suite:
    """The suite with every field of its systems' configurations and main settings filled in.

    Args:
        systems: systems to fill in, besides the installed ones of the suite.

    Raises:
        UserError: if a recipe does not fit its system.
    """
    completed = {}
    for name in dict.fromkeys((*choose_systems(suite, ["all"]), *systems)):
        system_class = load_system(name)
        config = asdict(resolve_config(suite, name, system_class))
        decoding = settings_of(suite, name, system_class)[0].decoding
        changes = {"config": config, "decoding": decoding}
        completed[name] = suite.recipe_of(name).model_copy(update=changes)
    return suite.model_copy(update={"systems": suite.systems | completed})


def label_budgets(suite: Suite, task: Task, system_class: type[System]) -> list[LabelBudget]:
    """The labels from which a system learns a task, those of the table first."""
    recipe = suite.tasks[task.id]
    further = recipe.label_sweep if learns_labels(task, system_class) else ()
    budgets = dict.fromkeys(read_budget(task, written) for written in (recipe.labels, *further))
    # A guided system is trained on texts without labels, whatever the budget is.
    is_guided = system_class.capabilities.control == "guided"
    return [budget for budget in budgets if not (budget.alone and is_guided)]


def applies(suite: Suite, task: Task, system: str) -> bool:
    """Whether a system that was chosen runs on a task at all."""
    recipe = suite.recipe_of(system)
    if recipe.tasks is not None and task.id not in recipe.tasks:
        return False
    return system != "oracle" or task.conditional is not None or task.draw is not None
