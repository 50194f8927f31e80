"""The lines of a report's records for outputs of other systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.execution.trial_stages import score_entry
from benchmark.experiment.suite import Suite
from benchmark.experiment.task_scoring import TaskScoring, resolve_scoring
from benchmark.generation.candidates_file import CANDIDATES
from benchmark.outputs.registered_outputs import RegisteredOutputs, registered
from benchmark.store.entries import Store
from benchmark.tasks import Task


@dataclass
class Joined:
    """Additions to the records of a report."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    """Lines of `cells/`; the field `outputs` distinguishes them from trials that were run."""
    systems: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of `run.json`, by name."""
    candidates: dict[str, Path] = field(default_factory=dict)
    """Candidates files by key."""
    values: dict[str, Path] = field(default_factory=dict)
    """Per-source values by key of the score."""
    remarks: list[str] = field(default_factory=list)
    """A sentence for each entry that could not be added or scored."""


def join(
    store: Store,
    report: str,
    suite: Suite,
    tasks: Mapping[str, Task],
    taken: Collection[tuple[str, str]],
) -> Joined:
    """Collect the outputs that belong to a report, and score those without scores.

    Args:
        tasks: the tasks of the report; outputs for other tasks are skipped.
        taken: (task, system) pairs of the report's own trials, which take precedence.
    """
    joined = Joined()
    entries = [e for e in registered(store, report) if e.task in tasks]
    scoring = {name: resolve_scoring(suite, tasks[name]) for name in {e.task for e in entries}}
    for entry in entries:
        if (entry.task, entry.system) in taken:
            continue
        task, name = tasks[entry.task], f"{entry.system} on {entry.task}"
        generated = store.record("generate", entry.generate)
        if entry.test_digest != task.split_digests["test"]:
            joined.remarks.append(
                f"The outputs of {name} are for other test data and were omitted: score them"
                " again with benchmark.score."
            )
        elif generated is None:
            joined.remarks.append(
                f"The outputs of {name} are no longer in the store {store.root} and were omitted:"
                " score them again with benchmark.score."
            )
        else:
            _add(joined, entry, generated, _roles(entry, entries), scoring[entry.task], store)
    return joined


def _roles(entry: RegisteredOutputs, entries: Sequence[RegisteredOutputs]) -> list[str]:
    """The first setting of a system is the row of the table; with a knob, all form its curve."""
    if entry.is_yardstick:
        return list(entry.setting["roles"])
    first = next(e for e in entries if (e.task, e.system) == (entry.task, entry.system))
    main = entry.setting["label"] == first.setting["label"]
    return [*(["main"] if main else []), *(["sweep"] if entry.setting["knob"] else [])]


def _add(
    joined: Joined,
    entry: RegisteredOutputs,
    generated: Mapping[str, Any],
    roles: Sequence[str],
    scoring: TaskScoring,
    store: Store,
) -> None:
    errors: list[str] = []
    score_entry(entry.generate, scoring, store, errors)
    joined.remarks += [
        f"The outputs of {entry.system} on {entry.task} could not be scored: {error}"
        for error in errors
    ]
    scored_as = scoring.key(generated["candidates_digest"])
    scored = store.record("score", scored_as)
    if scored is not None:  # as in `record_writer`
        scored = {name: of for name, of in scored.items() if name != "stage_s"}
    joined.lines.append(
        {
            "task": entry.task,
            "system": entry.system,
            "family": entry.info["family"],
            "seed": entry.seed,
            "setting": entry.setting | {"roles": list(roles)},
            "training": None,
            "score": scored,
            "cost": None,
            "statuses": generated["statuses"],
            "error": errors[0] if errors else None,
            "status": "ok" if scored else "failed",
            "keys": {
                "train": None,
                "generate": entry.generate,
                "score": scored_as if scored else None,
            },
            "outputs": entry.facts,
        }
    )
    joined.systems.setdefault(entry.system, entry.info)
    joined.candidates[entry.generate] = store.folder("generate", entry.generate) / CANDIDATES
    if scored is not None:
        joined.values[scored_as] = store.folder("score", scored_as) / "values.jsonl"
