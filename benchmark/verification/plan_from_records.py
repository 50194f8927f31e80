"""From the records alone back to the trials that can be run: suite, data, keys; or why not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from benchmark.api import UserError
from benchmark.experiment.plan import load_limited
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import Suite
from benchmark.experiment.task_scoring import TaskScoring, resolve_scoring
from benchmark.experiment.trial import Trial, resolve_trial
from benchmark.tasks import Task
from benchmark.verification.kept_report import CellName, StoredCell, StoredReport
from benchmark.verification.record_comparison import first_difference


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a setting cannot be made again."""

    said: str
    contradicts: bool = True
    """Whether the record says something else than code and data here; False: those are missing."""


MADE_ELSEWHERE = Obstacle(
    "its outputs were made elsewhere: their scores can be checked with --scores-only",
    contradicts=False,
)


@dataclass(frozen=True)
class Rebuilt:
    """What the records say has been run, as this code would run it."""

    suite: Suite | None
    tasks: Mapping[str, Task]
    scoring: Mapping[str, TaskScoring]
    """By task."""
    trials: Mapping[CellName, Trial]
    """Each with those of its settings whose keys are the recorded ones, and were asked for."""
    obstacles: Mapping[tuple[CellName, str], Obstacle]
    """By (cell, generate key)."""

    def obstacle(self, cell: StoredCell) -> Obstacle | None:
        """Why a setting cannot be made again; None if it can."""
        return self.obstacles.get((cell.name, cell.generate_key))


def rebuild(report: StoredReport, cells: Sequence[StoredCell], data_dir: Path | None) -> Rebuilt:
    """Rebuild the plan of `cells` from suite and data, and compare every key with the record."""
    obstacles: dict[tuple[CellName, str], Obstacle] = {}
    try:
        suite = Suite.model_validate(yaml.safe_load(report.run["suite_yaml"]))
    except (KeyError, ValidationError, yaml.YAMLError) as error:
        why = Obstacle(f"the suite of the report cannot be read by this code: {_one_line(error)}")
        return Rebuilt(None, {}, {}, {}, {(cell.name, cell.generate_key): why for cell in cells})
    tasks: dict[str, Task] = {}
    scoring: dict[str, TaskScoring] = {}
    missing: dict[str, Obstacle] = {}
    for name in dict.fromkeys(cell.line["task"] for cell in cells):
        if _is_made_elsewhere(report, name):
            # Such a task is the sources that were answered, not the splits of a run.
            missing[name] = MADE_ELSEWHERE
            continue
        try:
            task = load_limited(suite, name, data_dir)
        except (UserError, KeyError) as error:
            missing[name] = Obstacle(f"data: {_one_line(error)}", contradicts=False)
            continue
        try:
            scored = resolve_scoring(suite, task)
        except UserError as error:
            missing[name] = Obstacle(f"metrics: {_one_line(error)}", contradicts=False)
            continue
        if (other := _other_data(report.run["tasks"][name], task)) is not None:
            missing[name] = Obstacle(other)
        else:
            tasks[name], scoring[name] = task, scored
    made: dict[CellName, Trial] = {}
    for name, group in _group_by_name(cells).items():
        obstacle = missing.get(name[0])
        if obstacle is None:
            found = _rebuild_trial(report, suite, tasks[name[0]], scoring[name[0]], group)
            if isinstance(found, Trial):
                made[name] = _with_settings_of(found, group)
                obstacles |= _other_keys(report, found, group)
                continue
            obstacle = found
        obstacles |= {(name, cell.generate_key): obstacle for cell in group}
    return Rebuilt(suite, tasks, scoring, made, obstacles)


def _group_by_name(cells: Sequence[StoredCell]) -> dict[CellName, list[StoredCell]]:
    groups: dict[CellName, list[StoredCell]] = {}
    for cell in cells:
        groups.setdefault(cell.name, []).append(cell)
    return groups


def _is_made_elsewhere(report: StoredReport, task: str) -> bool:
    """Whether nothing of a task was run."""
    return all("outputs" in cell.line for cell in report.cells if cell.line["task"] == task)


def _other_data(recorded: Mapping[str, Any], task: Task) -> str | None:
    """How the data differ from those of the report; None if they do not."""
    digest = recorded.get("digest", "")
    if digest == task.digest:
        return None
    counts = {"train": len(task.train), "valid": len(task.valid), "test": len(task.test)}
    told = f"other data: digest {digest[:16]} in the record, {task.digest[:16]} here"
    for split, count in recorded.get("counts", {}).items():
        if counts[split] != count:
            told += f"; {count} examples of {split} in the record, {counts[split]} here"
    return told


def _rebuild_trial(
    report: StoredReport,
    suite: Suite,
    task: Task,
    scoring: TaskScoring,
    group: Sequence[StoredCell],
) -> Trial | Obstacle:
    """The trial, or why there is none."""
    _, system, seed = group[0].name
    if "outputs" in group[0].line:
        return MADE_ELSEWHERE
    # One by one, in the order of the records: an ablation belongs to some systems alone.
    settings = (cell.line["setting"] for cell in group)
    ablations = dict.fromkeys(n for setting in settings for n in setting.get("ablations", ()))
    try:
        system_class = load_system(system)
    except UserError as error:
        return Obstacle(f"system: {_one_line(error)}", contradicts=False)
    recorded = report.run["systems"][system]
    version = recorded.get("version", system_class.version)
    if version != system_class.version:
        told = f"system {system} has version {system_class.version} here, {version} in the record"
        return Obstacle(told)
    try:
        trial = resolve_trial(suite, task, scoring, system, system_class, seed, list(ablations))
    except UserError as error:
        return Obstacle(f"configuration: {_one_line(error)}")
    config = json.loads(json.dumps(asdict(trial.config)))
    found = first_difference(recorded.get("config", config), config)
    if found is not None:
        told = f"{found.where} of {system} is {found.fresh} here, {found.stored} in the record"
        return Obstacle(f"configuration: {told}")
    return trial


def _with_settings_of(trial: Trial, group: Sequence[StoredCell]) -> Trial:
    """The trial with the settings of `group` alone."""
    asked = {stored.generate_key for stored in group}
    # The first setting is the one that is traced.
    traced = trial.trace_key if trial.main.key in asked else None
    kept = tuple(planned for planned in trial.generations if planned.key in asked)
    return replace(trial, generations=kept, trace_key=traced)


def _other_keys(
    report: StoredReport, trial: Trial, group: Sequence[StoredCell]
) -> Iterator[tuple[tuple[CellName, str], Obstacle]]:
    """The settings that this code gives other keys, each with what may be the reason."""
    keys = {planned.key for planned in trial.generations}
    by_label = {of.setting.label: of.setting.decoding for of in trial.generations}
    for stored in group:
        if stored.train_key == trial.train_key and stored.generate_key in keys:
            continue
        decoding = json.loads(json.dumps(by_label.get(stored.line["setting"]["label"])))
        found = first_difference(stored.line["setting"]["decoding"], decoding)
        commit = (report.run.get("code", {}).get("commit") or "")[:7] or "that of the record"
        if stored.train_key != trial.train_key:
            told = (
                f"train key {stored.train_key} in the record, {trial.train_key} here, with the same"
                " suite and data: version or defaults of the system have changed since the code"
                f" of the record (commit {commit}), which can check it"
            )
        elif decoding is None:
            told = f"there is no setting {stored.line['setting']['label']!r} here"
        elif found is not None:
            told = f"decoding: {found.where} is {found.fresh} here, {found.stored} in the record"
        else:
            told = (
                "generate key other than the recorded one, with the same suite, data and decoding:"
                f" version or defaults have changed since the code of the record (commit {commit})"
            )
        yield (stored.name, stored.generate_key), Obstacle(told)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
