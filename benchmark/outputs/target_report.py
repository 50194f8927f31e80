"""The report that outputs are added to: one made by `benchmark.run`, or one of outputs only."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from benchmark.api import Example, UserError
from benchmark.experiment.configuration import fill
from benchmark.experiment.suite import Suite, load_suite
from benchmark.generation.candidates_file import CANDIDATES
from benchmark.outputs.json_lines_format import read_json_lines
from benchmark.outputs.registered_outputs import RegisteredOutputs, registered
from benchmark.records.reader import Records, read_records
from benchmark.records.schema import TrialRecord
from benchmark.report.data.points import YARDSTICK
from benchmark.runtime.yaml_format import read_yaml
from benchmark.store.entries import Store
from benchmark.tasks import TASKS, Task, load_task
from benchmark.tasks.data_notes import take_notes
from benchmark.tasks.loading import JSONL_VERSION

PREFERRED = ("mini", "small")
"""Suites to take the evaluation from: the first with the task; the last for all others."""


@dataclass(frozen=True)
class Target:
    """A report folder; `records` is None if there are none yet."""

    folder: Path
    records: Records | None

    @property
    def name(self) -> str:
        """The name of the report in the store."""
        return self.folder.name

    def own_trials(self, task: str | None = None) -> tuple[TrialRecord, ...]:
        """The trials that were run, not entered; of one task or of all."""
        trials = self.records.trial_records if self.records is not None else ()
        return tuple(
            trial for trial in trials if trial.outputs is None and task in (None, trial.task)
        )

    @property
    def of_a_run(self) -> bool:
        """Whether it has trials that were run, besides outputs."""
        return bool(self.own_trials())

    @property
    def suite(self) -> Suite | None:
        """The suite stored in its records.

        Raises:
            UserError: if another version of this package wrote it, or it is of several.
        """
        if self.records is None:
            return None
        if self.records.run.merged and not self.records.run.suite_yaml:
            raise UserError(
                f"{self.folder} is merged of reports of several suites: name one of these, or"
                " another report, with --report."
            )
        try:
            return fill(Suite, read_yaml(self.records.run.suite_yaml), "")
        except (UserError, yaml.YAMLError) as error:
            raise UserError(
                f"The suite in {self.folder / 'records' / 'run.json'} is from another version: name"
                " another report with --report."
            ) from error


def find_report(folder: Path) -> Target:
    """Open a report folder, which need not exist yet.

    Raises:
        UserError: if its records cannot be read.
    """
    # The store identifies a report by the name of its folder, also if the path is `.`.
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return Target(named, read_records(named) if (named / "records").is_dir() else None)


def check_entries(target: Target, store: Store) -> None:
    """Check that the store has all outputs of the report: they are read from there again.

    Raises:
        UserError: if rows of the report would be lost.
    """
    entries = registered(store, target.name)
    known = {(e.task, e.system, e.setting["label"], e.seed) for e in entries}
    for trial in target.records.trial_records if target.records is not None else ():
        named = (trial.task, trial.system, trial.setting.label, trial.seed)
        if trial.outputs is not None and trial.family != YARDSTICK and named not in known:
            raise UserError(
                f"{target.folder} shows outputs of {trial.system} on {trial.task} that are not in"
                f" the store {store.root}: name their store with --store,"
                " or another report with --report."
            )


def check_writable(folder: Path) -> None:
    """Check that a report can be written, before anything is added to it.

    Raises:
        UserError: if it cannot.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = folder if folder.exists() else folder.parent
    except OSError as error:
        raise UserError(
            f"The folder {folder.parent} cannot be created ({error.strerror}): name another with"
            " --report."
        ) from error
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise UserError(f"The folder {place} cannot be written: name another with --report.")


def choose_suite(target: Target, task: str, name: str | None, overrides: Sequence[str]) -> Suite:
    """The suite whose evaluation scores the outputs.

    The one named; else that of the report; else the first that has the task.

    Raises:
        UserError: if the report belongs to a run, which has its own suite.
    """
    if target.of_a_run and (name is not None or overrides):
        raise UserError(
            f"{target.folder} is the report of a run, whose evaluation also applies to added"
            " outputs: omit --suite, --metrics and --set, or name another report with --report."
        )
    found = target.suite if name is None and not overrides else None
    if found is not None:
        return found
    if name is not None:
        return load_suite(name, overrides)
    suites = (load_suite(preferred, overrides) for preferred in PREFERRED)
    return next((suite for suite in suites if task in suite.tasks), load_suite("small", overrides))


def task_of_run(
    target: Target, suite: Suite, task: str, data_dir: Path | None
) -> tuple[Task, Task]:
    """The task as in the run, and the same with its complete test split.

    Raises:
        UserError: if the run did not include the task, or used other data.
    """
    assert target.records is not None
    info = target.records.run.tasks
    if task not in info or task not in suite.tasks:
        raise UserError(
            f"The report {target.folder} has no task {task!r}: it has {', '.join(info)}."
        )
    recipe = suite.tasks[task]
    limits = recipe.limits.model_dump()
    whole = load_task(
        task, data_dir=data_dir, limits=limits | {"test": None}, columns=recipe.columns
    )
    used = replace(whole, test=whole.test[: limits["test"]])
    if used.digest != info[task].digest:
        raise UserError(
            f"The report {target.folder} was made from other data of {task!r}: give its data folder"
            " with --data-dir, or another report with --report."
        )
    return used, whole


def task_of_examples(task: str, examples: Sequence[Example]) -> Task:
    """A task with only the examples that the outputs cover."""
    entry = TASKS.get(task)
    notes = take_notes({"test": examples}, available={"test": len(examples)})
    if entry is not None and entry.kind != "jsonl":
        whole = load_task(task, data_dir=None)
        return replace(whole, train=(), valid=(), test=tuple(examples), notes=notes)
    return Task(
        id=task,
        kind="jsonl",
        title=entry.title if entry else task,
        version=JSONL_VERSION,
        train=(),
        valid=(),
        test=tuple(examples),
        notes=notes,
        quality=entry.quality if entry else "",
    )


def tasks_of_entries(store: Store, report: str) -> Mapping[str, Task]:
    """The tasks of a report of outputs only, from their stored entries."""
    found: dict[str, RegisteredOutputs] = {}
    for entry in registered(store, report):
        if store.record("generate", entry.generate) is not None:
            found.setdefault(entry.task, entry)
    return {name: task_of_examples(name, _examples(store, entry)) for name, entry in found.items()}


def _examples(store: Store, entry: RegisteredOutputs) -> list[Example]:
    rows = read_json_lines(store.folder("generate", entry.generate) / CANDIDATES)
    return [
        Example(row.id or "", row.source or "", (row.references or ("",))[0], row.references or ())
        for row in rows
    ]
