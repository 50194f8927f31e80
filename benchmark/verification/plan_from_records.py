"""From the records alone back to the trials that can be rerun: suite, data, keys; or why not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import yaml

from benchmark.api import UserError
from benchmark.experiment.configuration import fill
from benchmark.experiment.plan import load_limited
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_source import find_source
from benchmark.experiment.task_scoring import TaskScoring, resolve_scoring
from benchmark.experiment.trial import Trial
from benchmark.experiment.trial_resolution import resolve_trial
from benchmark.runtime.yaml_format import read_yaml
from benchmark.tasks import Task
from benchmark.verification.raw_records import RawRecord, RawReport, TrialName
from benchmark.verification.record_comparison import first_difference

MADE_ELSEWHERE = "its outputs were made elsewhere: their scores can be checked with --scores-only"


class CannotRerunError(Exception):
    """Why a setting cannot be rerun.

    Args:
        reason: a clause.
        contradicts: whether the record says something else than code and data here; False: code
            or data are missing here.
    """

    def __init__(self, reason: object, *, contradicts: bool = True) -> None:
        self.reason = " ".join(str(reason).split())
        self.contradicts = contradicts


@dataclass(frozen=True)
class RebuiltPlan:
    """What the records say has been run, as this code would run it."""

    suite: Suite | None
    tasks: Mapping[str, Task]
    scoring: Mapping[str, TaskScoring]
    """By task."""
    trials: Mapping[TrialName, Trial]
    """Each with those of its settings whose keys are the recorded ones, and were asked for."""
    obstacles: Mapping[tuple[TrialName, str | None], CannotRerunError]
    """Why settings cannot be rerun, by `RawRecord.identity`."""
    absent: Mapping[TrialName, tuple[str, ...]] = field(default_factory=dict)
    """Labels of the settings of the suite that the records lack, where all others agree."""


def rebuild(report: RawReport, records: Sequence[RawRecord], data_dir: Path | None) -> RebuiltPlan:
    """Rebuild the plan of `records` from suite and data, and compare every key with the record."""
    try:
        suite = _read_suite(report)
    except CannotRerunError as why:
        return RebuiltPlan(None, {}, {}, {}, {record.identity: why for record in records})
    tasks: dict[str, Task] = {}
    scoring: dict[str, TaskScoring] = {}
    missing: dict[str, CannotRerunError] = {}
    # A task of outputs alone is the sources that were answered, not the splits of a run.
    run = {record.line["task"] for record in report.records if "outputs" not in record.line}
    for name in dict.fromkeys(r.line["task"] for r in records if r.line["task"] in run):
        try:
            tasks[name], scoring[name] = _load_task(report, suite, name, data_dir)
        except CannotRerunError as obstacle:
            missing[name] = obstacle
    trials: dict[TrialName, Trial] = {}
    obstacles: dict[tuple[TrialName, str | None], CannotRerunError] = {}
    groups: dict[TrialName, list[RawRecord]] = {}
    absent: dict[TrialName, tuple[str, ...]] = {}
    for record in records:
        groups.setdefault(record.trial, []).append(record)
    for trial, group in groups.items():
        task = trial[0]
        try:
            if "outputs" in group[0].line:
                raise CannotRerunError(MADE_ELSEWHERE, contradicts=False)
            if task in missing:
                raise missing[task]
            rebuilt = _rebuild_trial(report, suite, tasks[task], scoring[task], group)
        except CannotRerunError as obstacle:
            obstacles |= {record.identity: obstacle for record in group}
        else:
            trials[trial] = _restrict(rebuilt, group)
            differing = dict(_compare_keys(report, rebuilt, group))
            obstacles |= differing
            if not differing:
                absent[trial] = _find_absent(rebuilt, group)
    return RebuiltPlan(suite, tasks, scoring, trials, obstacles, absent)


def _read_suite(report: RawReport) -> Suite:
    text = report.run.get("suite_yaml") or ""
    if not text:
        why = "it is of several suites: verify each of the reports that it is merged of"
        unknown = "the records do not keep the suite"
        is_merged = bool(report.run.get("merged"))
        raise CannotRerunError(why if is_merged else unknown, contradicts=False)
    try:
        suite: Suite = fill(Suite, read_yaml(text), "")
    except (UserError, yaml.YAMLError) as error:
        why = f"the suite of the report cannot be read by this code: {error}"
        raise CannotRerunError(why) from error
    return suite


def _load_task(
    report: RawReport, suite: Suite, name: str, data_dir: Path | None
) -> tuple[Task, TaskScoring]:
    try:
        task = load_limited(suite, name, data_dir)
    except (UserError, KeyError) as error:
        raise CannotRerunError(f"data: {error}", contradicts=False) from error
    try:
        scoring = resolve_scoring(suite, task)
    except UserError as error:
        raise CannotRerunError(f"metrics: {error}", contradicts=False) from error
    recorded = report.run["tasks"][name]
    digest = recorded.get("digest", "")
    if digest != task.digest:
        counts = {"train": len(task.train), "valid": len(task.valid), "test": len(task.test)}
        differences = [f"digest {digest[:16]} in the record, {task.digest[:16]} here"]
        differences += [
            f"{count} examples of {split} in the record, {counts[split]} here"
            for split, count in recorded.get("counts", {}).items()
            if counts[split] != count
        ]
        raise CannotRerunError(f"different data: {'; '.join(differences)}")
    return task, scoring


def _rebuild_trial(
    report: RawReport,
    suite: Suite,
    task: Task,
    scoring: TaskScoring,
    group: Sequence[RawRecord],
) -> Trial:
    """The trial of the records in `group`.

    Raises:
        CannotRerunError: if this code has no such trial.
    """
    _, row, seed, labels = group[0].trial
    recorded = report.run["systems"][row]
    system = recorded.get("path") or row
    # One by one, in the order of the records: an ablation belongs to some systems alone.
    settings = (record.line["setting"] for record in group)
    ablations = dict.fromkeys(n for setting in settings for n in setting.get("ablations", ()))
    try:
        system_class = load_system(system)
    except UserError as error:
        raise CannotRerunError(f"system: {error}", contradicts=False) from error
    here, version = system_class.version, recorded.get("version", system_class.version)
    if version != here:
        raise CannotRerunError(f"system {system} has version {here} here, {version} in the record")
    try:
        trial = resolve_trial(
            suite, task, scoring, system, system_class, seed, list(ablations), labels,
            source=find_source(system, system_class), row=row,
        )  # fmt: skip
    except UserError as error:
        raise CannotRerunError(f"configuration: {error}") from error
    config = json.loads(json.dumps(asdict(trial.config)))
    found = first_difference(recorded.get("config", config), config)
    if found is not None:
        raise CannotRerunError(
            f"configuration: {found.where} of {system} is {found.fresh} here, {found.stored} in"
            " the record"
        )
    return trial


def _find_absent(trial: Trial, group: Sequence[RawRecord]) -> tuple[str, ...]:
    recorded = {record.keys["generate"] for record in group}
    return tuple(of.setting.label for of in trial.generations if of.key not in recorded)


def _restrict(trial: Trial, group: Sequence[RawRecord]) -> Trial:
    """The trial with the settings of `group` alone."""
    asked = {record.keys["generate"] for record in group}
    # Traces and likelihoods stand with the first setting.
    has_main = trial.main.key in asked
    kept = tuple(planned for planned in trial.generations if planned.key in asked)
    return replace(
        trial,
        generations=kept,
        trace_key=trial.trace_key if has_main else None,
        likelihood_key=trial.likelihood_key if has_main else None,
    )


def _compare_keys(
    report: RawReport, trial: Trial, group: Sequence[RawRecord]
) -> Iterator[tuple[tuple[TrialName, str | None], CannotRerunError]]:
    """The settings to which this code gives other keys, each with the probable reason."""
    keys = {planned.key for planned in trial.generations}
    by_label = {of.setting.label: of.setting.decoding for of in trial.generations}
    commit = (report.run.get("code", {}).get("commit") or "")[:7] or "that of the record"
    for record in group:
        train_key, generate_key = record.keys["train"], record.keys["generate"]
        if train_key == trial.train_key and generate_key in keys:
            continue
        setting = record.line["setting"]
        decoding = json.loads(json.dumps(by_label.get(setting["label"])))
        found = first_difference(setting["decoding"], decoding)
        if train_key == trial.train_key and decoding is None:
            reason = f"there is no setting {setting['label']!r} here"
        elif train_key == trial.train_key and found is not None:
            reason = f"decoding: {found.where} is {found.fresh} here, {found.stored} in the record"
        else:
            stage = "generate" if train_key == trial.train_key else "train"
            reason = (
                f"the {stage} key differs from the recorded one, with the same suite and data:"
                " version or defaults of the system have changed since the code of the record"
                f" (commit {commit}), which can check it"
            )
        yield record.identity, CannotRerunError(reason)
