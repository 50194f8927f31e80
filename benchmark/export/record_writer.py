"""The records of a run, gathered from the store into `reports/<run>/records/`.

The report is rendered from this folder alone, so a kept report can be rendered, checked and
extended years later without the store.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.experiment.registry import system_entries
from benchmark.experiment.suite import Suite
from benchmark.experiment.task_scoring import TaskScoring, resolve_scoring
from benchmark.experiment.trial import PlannedGeneration, Trial
from benchmark.export.source_facts_file import write_source_facts
from benchmark.export.task_notes import make_notes, name_cut, read_notes
from benchmark.export.tuned_trials import count_tuned_trials
from benchmark.generation.intermediate_states import select_curves
from benchmark.outputs.joined_records import Joined, join
from benchmark.records.ownership import check_own_records
from benchmark.records.record_files import RecordFiles, write_keyed, write_trial_records
from benchmark.records.report_lock import hold_report
from benchmark.records.schema import LikelihoodRecord
from benchmark.runtime.output_paths import make_folder
from benchmark.scoring.score_entries import find_score
from benchmark.store.entries import Store, content_key
from benchmark.store.files import write_gzip, write_json, write_text
from benchmark.store.provenance import code, conditions, machine, versions
from benchmark.tasks import Task, card
from benchmark.tasks.splits import SPLITS

SAMPLE_SOURCES = 20

ATTEMPTS = 3
"""How often what is removed while it is read is looked up again."""


def write_records(folder: Path, plan: Plan, store: Store, *, command: Sequence[str]) -> list[str]:
    """Write `folder/records/`: the trials of the plan, and the outputs that belong to the report.

    Equal records are not rewritten and keep the date and command that made them.

    Returns:
        A sentence for each of the outputs that could not be joined or scored, and for each task
        whose texts are cut.

    Raises:
        UserError: if the folder cannot be written, or holds records that are not of this package.
    """
    make_folder(folder, "--reports")
    with hold_report(folder):
        return _write(folder, plan, store, command)


def _write(folder: Path, plan: Plan, store: Store, command: Sequence[str]) -> list[str]:
    fresh = _make_folder(folder)
    lines = [
        line
        for trial in plan.trials
        for planned in trial.generations
        if (line := _read_line(fresh, store, trial, planned))
    ]
    known = RecordFiles(folder / "records")
    scoring = {name: resolve_scoring(plan.suite, task) for name, task in plan.tasks.items()}
    run = _run(folder.name, plan, lines, command, scoring, known) | _name_conditions(lines)
    taken = {(line["task"], line["system"]) for line in lines}
    joined = join(store, folder.name, plan.suite, plan.tasks, taken)
    for name, task in plan.tasks.items():
        run["tasks"][name] |= write_source_facts(fresh, known, task, scoring[name].unit)
    _finish(folder, fresh, run, lines, joined.lines, joined)
    return [*name_cut(run), *joined.remarks]


def join_records(folder: Path, suite: Suite, task: Task, store: Store) -> list[str]:
    """Update the outputs for one task in the records of a run in `folder`.

    Args:
        suite: that of the run.
        task: as in the run.

    Returns:
        A sentence for each of the outputs that could not be joined or scored.

    Raises:
        UserError: if the folder cannot be written.
    """
    with hold_report(folder):
        return _join(folder, suite, task, store)


def _join(folder: Path, suite: Suite, task: Task, store: Store) -> list[str]:
    records, fresh = RecordFiles(folder / "records"), _make_folder(folder)
    run = json.loads(records.read("run.json"))
    lines = [json.loads(line) for _, line in records.trial_lines()]
    own = [line for line in lines if "outputs" not in line]
    kept = [line for line in lines if "outputs" in line and line["task"] != task.id]
    used = {key for line in (*own, *kept) for key in line["keys"].values()}
    used |= {info.get("sources") for info in run["tasks"].values()}
    for name in records.keyed_names():
        if Path(name).stem not in used:
            continue
        write_keyed(fresh, name, records.read(name))
    taken = {(line["task"], line["system"]) for line in own}
    joined = join(store, folder.name, suite, {task.id: task}, taken)
    outputs = sorted([*kept, *joined.lines], key=lambda line: str(line["task"]))
    known = run["systems"] | joined.systems
    run["systems"] = {line["system"]: known[line["system"]] for line in own}
    joined.systems = {line["system"]: known[line["system"]] for line in outputs}
    _finish(folder, fresh, run, own, outputs, joined)
    return joined.remarks


def _make_folder(folder: Path) -> Path:
    """An empty folder beside `folder/records`, whose name nobody else uses."""
    check_own_records(folder)
    fresh = folder / f".records-{uuid.uuid4().hex}.tmp"
    make_folder(fresh, "--reports", named=folder)
    return fresh


def _finish(
    folder: Path,
    fresh: Path,
    run: dict[str, Any],
    own: Sequence[dict[str, Any]],
    outputs: Sequence[dict[str, Any]],
    joined: Joined,
) -> None:
    """Move the new records into place, unless they equal the existing ones."""
    records = folder / "records"
    for key, path in joined.candidates.items():
        _copy(path, fresh / "samples" / f"{key}.jsonl", lines=SAMPLE_SOURCES)
    for key, path in joined.values.items():
        write_gzip(fresh / "values" / f"{key}.jsonl.gz", path.read_bytes())
    run["systems"] |= {n: info for n, info in joined.systems.items() if n not in run["systems"]}
    write_trial_records(fresh / "cells", (*own, *outputs))
    write_json(fresh / "run.json", run)
    if _are_equal(RecordFiles(fresh), RecordFiles(records)):
        shutil.rmtree(fresh)
        return
    replaced = fresh.with_suffix(".old")
    if records.exists():
        records.rename(replaced)
    fresh.rename(records)
    shutil.rmtree(replaced, ignore_errors=True)


def _are_equal(fresh: RecordFiles, kept: RecordFiles) -> bool:
    """Whether all files say the same; a kept one that cannot be read does not."""
    try:
        if _content(fresh) != _content(kept) or fresh.keyed_names() != kept.keyed_names():
            return False
        return all(fresh.read(name) == kept.read(name) for name in fresh.keyed_names())
    except (UserError, ValueError):
        return False


def _content(files: RecordFiles) -> tuple[list[str], dict[str, Any]]:
    """The trials, and the run except for its date and command."""
    run, trials = json.loads(files.read("run.json")), [line for _, line in files.trial_lines()]
    return trials, {name: v for name, v in run.items() if name not in ("created", "command")}


def _read_line(
    fresh: Path, store: Store, trial: Trial, planned: PlannedGeneration
) -> dict[str, Any]:
    """A line of the records; entries that another run removes meanwhile are looked up again."""
    for _ in range(ATTEMPTS):
        try:
            return _line(fresh, store, trial, planned)
        except FileNotFoundError:
            continue
    return _line(fresh, store, trial, planned)


def _line(fresh: Path, store: Store, trial: Trial, planned: PlannedGeneration) -> dict[str, Any]:
    key, setting = planned.key, planned.setting
    line: dict[str, Any] = {
        "task": trial.task.id,
        "system": trial.row,
        "family": trial.system_class.family,
        "seed": trial.seed,
        "setting": asdict(setting),
        "training": None,
        "score": None,
        "cost": None,
        "statuses": {},
        "made": {},
    }
    if trial.labels is not None:
        line["labels"] = trial.labels.count
        if trial.labels.alone:
            line["labels_alone"] = True
    keys: dict[str, str | None] = {"train": trial.train_key, "generate": key, "score": None}
    failures = []
    if trial.train_key is not None:
        trained = store.record("train", trial.train_key)
        failures.append(store.failure("train", trial.train_key))
        if trained is not None:
            line["training"] = trained["summary"]
            line["made"]["train"] = conditions(trained)
            events = store.folder("train", trial.train_key) / "events.jsonl"
            if events.exists():
                _copy(events, fresh / "events" / f"{trial.train_key}.jsonl")
    generated = store.record("generate", key)
    failures.append(store.failure("generate", key))
    if generated is not None:
        line["cost"], line["statuses"] = generated["cost"], generated["statuses"]
        line["parameters"] = generated["parameters"]
        line["made"]["generate"] = conditions(generated)
        candidates = store.folder("generate", key) / "candidates.jsonl"
        _copy(candidates, fresh / "samples" / f"{key}.jsonl", lines=SAMPLE_SOURCES)
        scored_as, scored = find_score(store, trial.scoring, generated)
        failures.append(store.failure("score", scored_as))
        if scored is not None:
            keys["score"] = scored_as
            # Clocks belong to costs: scores of two runs are compared byte by byte.
            scored = {name: of for name, of in scored.items() if name != "stage_s"}
            line["score"] = scored if {"main", "mbr"} & {*setting.roles} else _plain(scored)
            values = store.folder("score", scored_as) / "values.jsonl"
            write_gzip(fresh / "values" / f"{scored_as}.jsonl.gz", values.read_bytes())
    if planned.valid is not None:
        line["valid"], failed = _describe_valid(store, trial, planned.valid)
        failures.append(failed)
    if planned is trial.main and trial.trace_key is not None:
        traced = store.record("trace", trial.trace_key)
        if traced is not None:
            keys["trace"] = trial.trace_key
            write_json(fresh / "traces" / f"{trial.trace_key}.json", select_curves(traced))
    if planned is trial.main and trial.likelihood_key is not None:
        likely = store.record("likelihood", trial.likelihood_key)
        if likely is not None:
            keys["likelihood"] = trial.likelihood_key
            kept = (name for name in LikelihoodRecord.model_fields if name in likely)
            line["likelihood"] = {name: likely[name] for name in kept}
            values = store.folder("likelihood", trial.likelihood_key) / "values.jsonl"
            _copy(values, fresh / "likelihoods" / f"{trial.likelihood_key}.jsonl")
    failure = next((f for f in failures if f is not None), None)
    line["error"] = failure["error"] if failure else None
    line["status"] = "ok" if line["score"] else "failed" if failure else "missing"
    return line | {"keys": keys}


def _describe_valid(
    store: Store, trial: Trial, planned: PlannedGeneration
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Values and cost on the valid split, and the failure that is why there are none."""
    generated = store.record("generate", planned.key)
    if generated is None:
        return None, store.failure("generate", planned.key)
    key, scored = find_score(store, trial.scoring, generated)
    if scored is None:
        return None, store.failure("score", key)
    described = {
        "generate": planned.key,
        "score": key,
        "num_sources": scored["num_sources"],
        "cost": generated["cost"],
        "measures": {
            name: {statistic: of["value"] for statistic, of in metric["statistics"].items()}
            for name, metric in scored["metrics"].items()
        },
    }
    return described, None


def _plain(score: dict[str, Any]) -> dict[str, Any]:
    """The score without its curves, which are plotted for only one setting of a system."""
    curves = ("mbr_curve", "oracle_curve")
    metrics = {
        name: {key: value for key, value in metric.items() if key not in curves}
        for name, metric in score["metrics"].items()
    }
    return score | {"metrics": metrics}


def _name_conditions(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Replace the conditions in the lines by names; returns their meaning, for run.json.

    Most trials of a report share theirs; some may have been made by other machines or versions.
    """
    named: dict[str, Any] = {}
    for line in lines:
        for stage, made in line["made"].items():
            line["made"][stage] = name = content_key(made)
            named[name] = made
    return {"conditions": named}


def _run(
    name: str,
    plan: Plan,
    lines: Sequence[dict[str, Any]],
    command: Sequence[str],
    scoring: Mapping[str, TaskScoring],
    records: RecordFiles,
) -> dict[str, Any]:
    entries = system_entries()
    before = read_notes(records)
    systems: dict[str, Any] = {}
    tuned = count_tuned_trials(plan.suite.tuning, plan.trials)
    trials = {trial.row: trial for trial in plan.trials}
    for line in lines:
        trial = trials[line["system"]]
        system_class, entry = trial.system_class, entries.get(trial.system)
        known = systems.setdefault(
            line["system"],
            {
                "family": system_class.family,
                "title": entry.summary if entry else line["system"],
                **({"path": trial.system} if trial.row != trial.system else {}),
                **({"tuned_trials": tuned[trial.row]} if trial.row in tuned else {}),
                "knob": system_class.capabilities.knob,
                "nfe_knob": system_class.capabilities.nfe_knob,
                "control": system_class.capabilities.control,
                "trainable": system_class.capabilities.trainable,
                "from_scratch": _is_from_scratch(trial),
                "version": system_class.version,
                "config": asdict(trial.config),
                "why_size": plan.suite.recipe_of(trial.system).why_size,
                "parameters": None,
            },
        )
        known["parameters"] = known["parameters"] or line.get("parameters")
        if trial.source is not None:
            source = known.setdefault("source", trial.source.as_dict() | {"made": []})
            made = (of["source"] for of in line["made"].values() if "source" in of)
            source["made"] = sorted({*source["made"], *made})
    return {
        "run": name,
        "suite": plan.suite.name,
        "suite_description": plan.suite.description,
        "suite_yaml": plan.suite.yaml(),
        "command": list(command),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(gpu=bool(plan.trials)),
        "versions": versions(),
        "code": code(),
        "seeds": list(plan.suite.seeds),
        "tasks": {
            task.id: {
                "title": task.title,
                "kind": task.kind,
                "digest": task.digest,
                "counts": {split: len(getattr(task, split)) for split in SPLITS},
                "notes": make_notes(task, plan, scoring[task.id], before.get(task.id, {})),
                "card": card(task.id, data_dir=plan.data_dir),
                "quality": scoring[task.id].quality,
            }
            for task in plan.tasks.values()
        },
        "systems": systems,
    }


def _is_from_scratch(trial: Trial) -> bool:
    """Whether training starts from random weights; `Config.init` names pretrained ones."""
    return trial.train_key is not None and not getattr(trial.config, "init", None)


def _copy(source: Path, target: Path, lines: int | None = None) -> None:
    # Not `splitlines`, which would also split at line separators within a text.
    rows = source.read_text(encoding="utf-8").split("\n")[:-1]
    write_text(target, "".join(f"{row}\n" for row in rows[:lines]))
