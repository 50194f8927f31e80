"""What a run will do, written into its store, so that its state can be told from the store alone.

`plans/<key>.json` lists the trials with the keys of their entries and what each has to compute.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmark.execution.workload import Work, list_work
from benchmark.experiment.plan import Plan
from benchmark.store.entries import Store, content_key
from benchmark.store.files import write_text

PLANS = "plans"


@dataclass(frozen=True)
class PlannedTrial:
    """A trial of a manifest."""

    name: str
    key: str
    system: str
    work: tuple[Work, ...]


@dataclass(frozen=True)
class Manifest:
    """A run of a store."""

    name: str
    """Of its report."""
    device: str
    threads: int
    """Of a trial."""
    scoring: Mapping[str, Mapping[str, Any]]
    """By task, what determines scores besides the candidates."""
    trials: tuple[PlannedTrial, ...]


def write_manifest(store: Store, plan: Plan, *, name: str, device: str) -> None:
    """Write what a run will do into its store."""
    columns = [field.name for field in fields(Work)]
    trials = [
        {
            "name": trial.name,
            "key": trial.key,
            "system": trial.system,
            "work": [list(asdict(work).values()) for work in list_work(trial, device)],
        }
        for trial in plan.trials
    ]
    made = {
        "name": name,
        "device": device,
        "threads": plan.suite.threads,
        "scoring": {trial.task.id: trial.scoring.identity for trial in plan.trials},
        "columns": columns,
        "trials": trials,
    }
    key = content_key({"name": name, "trials": [trial["key"] for trial in trials]})
    write_text(store.root / PLANS / f"{key}.json", json.dumps(made, ensure_ascii=False) + "\n")


def read_manifests(store: Store) -> list[Manifest]:
    """The last plan of each run of a store, the newest run first."""
    paths = sorted(
        (store.root / PLANS).glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    found: dict[str, Manifest] = {}
    for path in paths:
        manifest = _read(path)
        if manifest is not None:
            found.setdefault(manifest.name, manifest)
    return list(found.values())


def _read(path: Path) -> Manifest | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        columns = values["columns"]
        return Manifest(
            name=values["name"],
            device=values["device"],
            threads=values["threads"],
            scoring=values["scoring"],
            trials=tuple(
                PlannedTrial(
                    name=trial["name"],
                    key=trial["key"],
                    system=trial["system"],
                    work=tuple(
                        Work.read(dict(zip(columns, row, strict=True))) for row in trial["work"]
                    ),
                )
                for trial in values["trials"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError):  # of another version, or damaged
        return None
