"""Which trials each of the runs had that a merged report is of, as `run.json` keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

TRIALS = "trials"
"""The field of an entry of `merged`: by task and system, seeds with what was learnt from."""

TrialId = tuple[str, str, int, str]
"""Task, system, seed, and the number of labels; empty where answers do not depend on any."""


def name_trial(line: Mapping[str, Any]) -> TrialId:
    """The trial of a record."""
    labels = line.get("labels")
    alone = "-alone" if line.get("labels_alone") else ""
    told = "" if labels is None else f"{labels}{alone}"
    return line["task"], line["system"], line["seed"], told


def gather_trials(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[list[Any]]]]:
    """The trials of some records, each once."""
    found: dict[str, dict[str, list[list[Any]]]] = {}
    for task, system, seed, labels in dict.fromkeys(map(name_trial, lines)):
        found.setdefault(task, {}).setdefault(system, []).append([seed, labels])
    return found


def list_trials(run: Mapping[str, Any]) -> Iterator[TrialId]:
    """The trials of an entry of `merged`."""
    for task, systems in run[TRIALS].items():
        for system, trials in systems.items():
            for seed, labels in trials:
                yield task, system, seed, labels
