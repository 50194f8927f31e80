"""One of the reports that are merged: its records, the runs that it is of, and their recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmark.api import UserError
from benchmark.records.merged_trials import TRIALS, gather_trials
from benchmark.records.reader import read_records
from benchmark.records.record_files import LINE_DEFAULTS, RecordFiles
from benchmark.runtime.processor import name_device, name_processor
from benchmark.runtime.yaml_format import read_yaml

Row = dict[str, Any]


@dataclass(frozen=True)
class MergePart:
    """A report, read whole."""

    report: Path
    files: RecordFiles
    run: Row
    lines: tuple[Row, ...]
    suite: Row
    """Its recipe; empty where the records do not keep it, or are of several."""
    runs: tuple[Row, ...]
    """What it is merged of, or itself; each with its `trials`, and with its `suite_yaml` where
    there is none for all."""

    @property
    def is_vague(self) -> bool:
        """Whether it is merged and does not say of what, as those of version 0.6.0."""
        return any(TRIALS not in run for run in self.runs)

    @property
    def gatherers(self) -> tuple[str, ...]:
        """The machines that gathered the records, each once."""
        machines = [_part(run, "machine") for run in self.runs]
        names = [of.get("gpu") or name_processor(of) or "unknown" for of in machines]
        return tuple(dict.fromkeys(map(str, names)))

    @property
    def lacks_texts(self) -> bool:
        """Whether it keeps no candidates of those that it has: data of some may not be shared."""
        return not self.files.holds("samples") and any(line["statuses"] for line in self.lines)

    def recipe_of(self, system: str) -> Row | None:
        """What trains a system, on any task that the report has of it; None where unknown."""
        suite = self._suite_of(system)
        if suite is None:
            return None
        own = _part(suite, "systems", system)
        evaluation = _part(suite, "evaluation")
        return {
            "training": _part(suite, "training") | _part(own, "training"),
            "budget": _part(suite, "budget") | _part(own, "budget"),
            "operators": _part(own, "operators"),
            "threads": suite.get("threads"),
            "compile": evaluation.get("compile"),
            "precision": evaluation.get("precision"),
        }

    def task_recipe_of(self, system: str, task: str) -> Row | None:
        """What a task changes of that, and how its texts are read; None where unknown."""
        suite = self._suite_of(system, task)
        if suite is None:
            return None
        recipe = _part(suite, "tasks", task)
        names = ("budget", "lengths", "tokenizer", "labels")
        return {name: recipe.get(name) for name in names}

    def machines(self) -> dict[str, None]:
        """The machines that its times are of, each with its number of cores."""
        cores = sorted({str(_part(run, "machine").get("cores")) for run in self.runs})
        conditions = _part(self.run, "conditions")
        names = {line["made"].get(of): None for of in ("train", "generate") for line in self.lines}
        made = [conditions[name] for name in names if name in conditions]
        found = [name_device(of) for of in made]
        of_cores = "" if cores == ["None"] else f" ({' or '.join(cores)} cores)"
        return dict.fromkeys(f"{name}{of_cores}" for name in found or self.gatherers)

    def _suite_of(self, system: str, task: str | None = None) -> Row | None:
        if self.suite:
            return self.suite
        for run in self.runs:
            trials = _part(run, TRIALS)
            tasks = [task] if task else [*trials]
            if run.get("suite_yaml") and any(system in _part(trials, of) for of in tasks):
                return _read_suite(run["suite_yaml"], self.report)
        return None


def read_part(report: Path) -> MergePart:
    """Read the records of a report.

    Raises:
        UserError: if they are not complete, or not of their form.
    """
    files = read_records(report).files  # it checks the form of everything
    run = json.loads(files.read("run.json"))
    lines = tuple(LINE_DEFAULTS | json.loads(line) for _, line in files.trial_lines())
    suite = _read_suite(run.get("suite_yaml") or "", report)
    return MergePart(report, files, run, lines, suite, tuple(_list_runs(run, lines)))


def _list_runs(run: Row, lines: tuple[Row, ...]) -> Iterator[Row]:
    if run.get("merged"):
        yield from run["merged"]
        return
    names = ("run", "command", "created", "machine", "code", "suite_yaml")
    kept = {name: run[name] for name in names if run.get(name) is not None}
    yield kept | {TRIALS: gather_trials(lines)}


@cache  # each system on each task asks for it
def _read_suite(text: str, report: Path) -> Row:
    where = f"The suite in {report / 'records' / 'run.json'}"
    try:
        suite = read_yaml(text) or {}
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(suite, dict):
        raise UserError(f"{where} holds no keys: it must be a mapping.")
    return suite


def _part(of: Mapping[str, Any], *path: str) -> Row:
    """What stands at a path, as a mapping; an empty one where nothing does."""
    found: Any = of
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
