"""From a suite to cells: task x system x seed, each with its stages and their keys.

A key is a hash of everything that decides the content of an entry, so a new metric never
generates again, a new setting never trains again, and a finished cell is never redone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.api import System
from benchmark.experiment.configuration import fill
from benchmark.experiment.mbr_setting import with_mbr
from benchmark.experiment.registry import load_system
from benchmark.experiment.selection import check_ablations
from benchmark.experiment.settings import Setting, num_samples_of, settings_of
from benchmark.experiment.suite import Suite
from benchmark.metrics import Metric, make_metric
from benchmark.metrics.utility import Utility, make_utilities
from benchmark.store.entries import content_key
from benchmark.tasks import Task, load_task

TRACED = ("bleu_sent_m4", "rouge_l", "self_bleu", "div_4", "validity", "coverage")
"""What is measured along a trace: quality and diversity, and nothing slow."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one task with one seed, and all its settings."""

    task: str
    system: str
    seed: int
    train_key: str | None
    """None where nothing is trained."""
    settings: tuple[Setting, ...]
    generate_keys: tuple[str, ...]
    """One a setting."""
    trace_key: str | None = None
    """None where no trace is asked for, or the system shows no steps."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.task} / {self.system} / seed {self.seed}"

    @property
    def main(self) -> Setting:
        """The setting that is the row of the table."""
        return self.settings[0]


@dataclass(frozen=True)
class Plan:
    """What a call of `benchmark.run` is about to do."""

    suite: Suite
    data_dir: Path | None
    tasks: dict[str, Task]
    cells: tuple[Cell, ...]


def make_plan(
    suite: Suite,
    *,
    tasks: Sequence[str],
    systems: Sequence[str],
    data_dir: Path | None,
    ablate: Sequence[str] = (),
) -> Plan:
    """Load the data, check every recipe, and name every entry.

    Args:
        ablate: ablations by name; a system that has one of them decodes its variants too.

    Raises:
        UserError: for data that cannot be read, a recipe that does not fit its system, or an
            ablation that no system has.
    """
    check_ablations(systems, ablate)
    loaded = {name: load(suite, name, data_dir) for name in tasks}
    for task in loaded.values():
        check_metrics(suite, task)
    cells = [
        make_cell(suite, loaded[task], system, seed, ablate)
        for task in tasks
        for system in systems
        for seed in suite.seeds
        if _applies(suite, loaded[task], system)
    ]
    return Plan(suite, data_dir, loaded, tuple(cells))


def load(suite: Suite, task: str, data_dir: Path | None) -> Task:
    """The task with the suite's limits."""
    return load_task(task, data_dir=data_dir, limits=suite.tasks[task].limits.model_dump())


def metrics_of(suite: Suite, task: Task) -> list[Metric]:
    """The metrics of a task; those with known answers where the task has them."""
    # A task that a suite does not know is scored by what it measures everywhere.
    recipe = suite.tasks.get(task.id, suite.other_tasks)
    specs = [*suite.evaluation.metrics, *(recipe.metrics if recipe else ())]
    if task.conditional is not None:
        specs += suite.evaluation.controlled_metrics
    return [make_metric(spec, conditional=task.conditional) for spec in dict.fromkeys(specs)]


def utilities_of(suite: Suite) -> tuple[Utility, ...]:
    """What candidates are compared by: `mbr_utility`, which chooses in the table, stands first."""
    return make_utilities((suite.evaluation.mbr_utility, *suite.evaluation.mbr.utilities))


def check_metrics(suite: Suite, task: Task) -> None:
    """See that the evaluation of a suite can be carried out on a task.

    Raises:
        UserError: for a metric that is not known or needs what the task has not, or a utility
            that cannot compare candidates.
    """
    metrics_of(suite, task)
    utilities_of(suite)


def config_of(suite: Suite, system: str, system_class: type[System]) -> Any:
    """The complete configuration."""
    return fill(system_class.Config, suite.recipe_of(system).config, f"systems.{system}.config")


def _applies(suite: Suite, task: Task, system: str) -> bool:
    recipe = suite.recipe_of(system)
    if recipe.tasks is not None and task.id not in recipe.tasks:
        return False
    return task.conditional is not None or system != "oracle"


def make_cell(suite: Suite, task: Task, system: str, seed: int, ablate: Sequence[str]) -> Cell:
    """One cell with its keys.

    Raises:
        UserError: for a system that cannot be loaded or a recipe that does not fit it.
    """
    system_class = load_system(system)
    config = asdict(config_of(suite, system, system_class))
    task_recipe = suite.tasks[task.id]
    identity: dict[str, Any] = {
        "system": system,
        "version": system_class.version,
        "config": config,
        "data": {"version": task.version, **task.split_digests},
        "lengths": task_recipe.lengths.model_dump(),
        "tokenizer": task_recipe.tokenizer.model_dump(),
        "seed": seed,
    }
    train_key = None
    if system_class.capabilities.trainable:
        training = suite.training_of(system).model_dump()
        # When checkpoints are written does not change what they hold.
        training.pop("checkpoint_s")
        # Fields of a later version: entries of an earlier one keep their keys.
        for later in ("by_length", "compile"):
            if not training[later]:
                training.pop(later)
        identity["data"] = {n: d for n, d in identity["data"].items() if n != "test"}
        identity["training"] = training
        identity["budget"] = suite.budget_of(system, task.id).model_dump()
        identity["threads"] = suite.threads
        train_key = content_key({"stage": "train", **identity})
    settings = settings_of(suite, system, system_class, ablate)
    settings = with_mbr(settings, suite.evaluation, num_test=len(task.test))
    keys = tuple(
        content_key(
            {
                "stage": "generate",
                "source": train_key or identity,
                "data": task.split_digests["test"],
                "decoding": setting.decoding,
                "num_samples": num_samples_of(suite, setting),
                "seed": seed,
                **_compiling(suite),
            }
            | ({} if setting.num_sources is None else {"num_sources": setting.num_sources})
        )
        for setting in settings
    )
    trace_key = _trace_key(suite, task, system_class, settings[0], keys[0])
    return Cell(task.id, system, seed, train_key, settings, keys, trace_key)


def traced_metrics(suite: Suite, task: Task) -> list[Metric]:
    """The metrics of a task that are measured at the steps of a trace."""
    return [m for m in metrics_of(suite, task) if m.id.partition(":")[0] in TRACED]


def _trace_key(
    suite: Suite, task: Task, system_class: type[System], main: Setting, generate_key: str
) -> str | None:
    recipe = suite.evaluation.trace
    if recipe is None or main.kind == "n-best" or not hasattr(system_class, "read_state"):
        return None
    return content_key(
        {
            "stage": "trace",
            "generate": generate_key,
            "recipe": recipe.model_dump(),
            "metrics": {m.id: m.signature for m in traced_metrics(suite, task)},
            "interval": suite.evaluation.interval.model_dump(),
        }
    )


def _compiling(suite: Suite) -> dict[str, Any]:
    """Compiled sums round otherwise; entries that are not compiled keep the keys they had."""
    how = suite.evaluation.compile
    return {"compile": how} if how else {}
