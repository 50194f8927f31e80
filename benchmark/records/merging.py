"""The records of several people in one: what may not be compared is refused, not averaged.

Tasks of one name have to hold the same data, metrics of one name the same signature, systems of one
name the same recipe. Seeds of a system may then come from different reports. Times of different
processors are left out, since only counts can be compared there.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.records.record_files import RecordFiles, write_keyed, write_trial_records
from benchmark.records.report_lock import hold_report
from benchmark.runtime.output_paths import make_folder
from benchmark.runtime.yaml_format import read_yaml, write_yaml
from benchmark.store.files import write_json

Row = dict[str, Any]

TIMES = ("network_s", "wall_s", "seconds_per_candidate")


@dataclass(frozen=True)
class _Part:
    """One of the reports."""

    report: Path
    files: RecordFiles
    run: Row
    lines: tuple[Row, ...]
    suite: Row
    """Its recipe; empty where the records do not keep it."""


def merge_records(reports: Sequence[Path], folder: Path) -> list[str]:
    """Write `folder/records/` from the records of several reports.

    Returns:
        A sentence on what was left out.

    Raises:
        UserError: if they may not be compared, or the folder is there already.
    """
    if len(reports) < 2:
        raise UserError("--merge needs two reports or more: name all of them.")
    if folder.exists():
        raise UserError(f"{folder} is there already: give --merge a new folder.")
    parts = [_read(report) for report in reports]
    for one, other in combinations(parts, 2):
        _check_tasks(one, other)
        _check_systems(one, other)
        _check_scores(one, other)
    lines = _join_lines(parts)
    said = _leave_out_times(parts, lines)
    make_folder(folder.parent, "--merge")
    with hold_report(folder, create=True):
        fresh = folder / f".records-{uuid.uuid4().hex}.tmp"
        make_folder(fresh, "--merge", named=folder)
        for part in parts:
            for name in part.files.keyed_names():
                write_keyed(fresh, name, part.files.read(name))
        write_trial_records(fresh / "cells", lines)
        write_json(fresh / "run.json", _join_runs(folder.name, parts))
        fresh.rename(folder / "records")
    try:
        read_records(folder)
    except UserError:
        shutil.rmtree(folder / "records")
        raise
    return said


def _read(report: Path) -> _Part:
    read_records(report)  # checks the form of everything
    files = RecordFiles(report / "records")
    run = json.loads(files.read("run.json"))
    lines = tuple(json.loads(line) for _, line in files.trial_lines())
    return _Part(report, files, run, lines, read_yaml(run.get("suite_yaml") or "{}") or {})


def _refuse(one: _Part, other: _Part, what: str, fix: str) -> UserError:
    return UserError(f"{one.report} and {other.report} cannot be merged: {what}: {fix}.")


def _check_tasks(one: _Part, other: _Part) -> None:
    for task in sorted({*one.run["tasks"]} & {*other.run["tasks"]}):
        first, second = one.run["tasks"][task], other.run["tasks"][task]
        for name, fix in (
            ("digest", "run both on the same data and limits"),
            ("quality", "give both the same main quality"),
        ):
            if first.get(name) != second.get(name):
                raise _refuse(one, other, f"task {task} has another {name} in each", fix)


def _check_systems(one: _Part, other: _Part) -> None:
    for system in sorted({*one.run["systems"]} & {*other.run["systems"]}):
        first, second = one.run["systems"][system], other.run["systems"][system]
        for name in ("version", "config", "family"):
            if first.get(name) != second.get(name):
                raise _refuse(
                    one, other, f"system {system} has another {name} in each",
                    "run both with one recipe and one version of the package",
                )  # fmt: skip
        if first.get("trainable") is False:
            continue  # a copy of the source is the same whatever trains the others
        if (_recipe_of(one, system) or None) != (_recipe_of(other, system) or None):
            raise _refuse(
                one, other, f"system {system} was trained by another recipe in each",
                "run both with one suite",
            )  # fmt: skip


def _recipe_of(part: _Part, system: str) -> Row:
    """What trains a system, on any task that the report has of it."""
    if not part.suite:
        return {}
    own = part.suite.get("systems", {}).get(system, {})
    usual = part.suite.get("training") or {}
    return {
        "training": usual | (own.get("training") or {}),
        "budget": (part.suite.get("budget") or {}) | (own.get("budget") or {}),
        "operators": own.get("operators") or {},
        "threads": part.suite.get("threads"),
    }


def _check_scores(one: _Part, other: _Part) -> None:
    """Figures of a task are of the same metrics, sources, numbers of candidates and intervals."""
    for task in sorted({*one.run["tasks"]} & {*other.run["tasks"]}):
        facts = [_gather_facts(part, task) for part in (one, other)]
        for name in sorted({*facts[0]} & {*facts[1]}):
            if facts[0][name] != facts[1][name]:
                raise _refuse(
                    one, other, f"on {task} they have another {name}",
                    "score both with one suite and one version of the package",
                )  # fmt: skip


def _gather_facts(part: _Part, task: str) -> Row:
    found: Row = {}
    for line in part.lines:
        score = line["score"]
        if line["task"] != task or score is None or "main" not in line["setting"]["roles"]:
            continue
        found["number of sources"] = score["num_sources"]
        found["interval"] = score["interval"]
        found["utility of MBR"] = score["mbr_utility"]
        if line["setting"]["kind"] == "samples":
            found["number of candidates"] = score["num_samples"]
        for metric, entry in score["metrics"].items():
            found[f"signature of {metric}"] = entry["signature"]
    return found


def _join_lines(parts: Sequence[_Part]) -> list[Row]:
    """The trials of all, each once, seeds of a system side by side."""
    found: dict[tuple[Any, ...], tuple[_Part, Row]] = {}
    for part in parts:
        for line in part.lines:
            name = _name_of(line)
            held = found.get(name)
            if held is not None and held[1]["keys"].get("generate") != line["keys"].get("generate"):
                raise _refuse(
                    held[0], part, f"both have {line['task']} / {line['system']} / seed"
                    f" {line['seed']} / {line['setting']['label']}, by different recipes or codes",
                    "leave one of the two out, or run it with other seeds",
                )  # fmt: skip
            # One that failed gives way to one that did not.
            if held is None or (held[1]["status"] != "ok" and line["status"] == "ok"):
                found[name] = (part, line)
    lines = [line for _, line in found.values()]
    systems = [*dict.fromkeys(system for part in parts for system in part.run["systems"])]
    return sorted(lines, key=lambda line: (systems.index(line["system"]), line["seed"]))


def _name_of(line: Row) -> tuple[Any, ...]:
    labels = line.get("labels"), line.get("labels_alone", False)
    return line["task"], line["system"], line["seed"], line["setting"]["label"], *labels


def _leave_out_times(parts: Sequence[_Part], lines: Iterable[Row]) -> list[str]:
    machines = [*dict.fromkeys(_name_machine(part.run) for part in parts)]
    if len(machines) == 1:
        return []
    for line in lines:
        costs = [line["cost"] or {}, (line.get("valid") or {}).get("cost") or {}]
        for cost in costs:
            for name in TIMES:
                cost.pop(name, None)
        if line["training"]:
            line["training"].pop("seconds", None)
    return [f"Times are left out: they are of different machines ({'; '.join(machines)})."]


def _name_machine(run: Row) -> str:
    machine = run.get("machine") or {}
    return str(machine.get("gpu") or machine.get("cpu") or "unknown")


def _join_runs(name: str, parts: Sequence[_Part]) -> Row:
    first = parts[0].run
    suites = [*dict.fromkeys(part.run["suite"] for part in parts)]
    machines = [*dict.fromkeys(_name_machine(part.run) for part in parts)]
    same = len({json.dumps(part.run.get("machine"), sort_keys=True) for part in parts}) == 1
    return {
        **first,
        "run": name,
        "suite": ", ".join(suites),
        "suite_yaml": _join_suites(parts),
        "command": ["python", "-m", "benchmark.report", "--merge", name, *_list_names(parts)],
        "machine": first.get("machine", {}) if same else {"cpu": " and ".join(machines)},
        "seeds": sorted({seed for part in parts for seed in part.run.get("seeds", [])}),
        "tasks": _first_of("tasks", parts),
        "systems": _first_of("systems", parts),
        "conditions": _first_of("conditions", parts),
        "merged": [run for part in parts for run in _list_runs(part)],
    }


def _list_runs(part: _Part) -> list[Row]:
    """The runs that a report is of: what each was asked for, and where it was made."""
    if part.run.get("merged"):
        return list(part.run["merged"])
    kept = {
        of: part.run.get(of) for of in ("run", "command", "created", "machine", "code", "seeds")
    }
    return [kept | {of: [*part.run[of]] for of in ("tasks", "systems")}]


def _list_names(parts: Sequence[_Part]) -> Iterator[str]:
    return (part.report.name for part in parts)


def _first_of(name: str, parts: Sequence[_Part]) -> Row:
    """All entries, each from the first report that has it."""
    found: Row = {}
    for part in parts:
        for key, of in part.run.get(name, {}).items():
            found.setdefault(key, of)
    return found


def _join_suites(parts: Sequence[_Part]) -> str:
    """The recipe with all seeds, where it is one recipe; else empty."""
    recipes = [{key: of for key, of in part.suite.items() if key != "seeds"} for part in parts]
    if any(recipe != recipes[0] for recipe in recipes) or not recipes[0]:
        return ""
    seeds = sorted({seed for part in parts for seed in part.suite.get("seeds", [])})
    return write_yaml({**parts[0].suite, "seeds": seeds})
