"""The data notes of the tasks of a run; texts that are cut are counted once for equal data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from benchmark.api import UserError
from benchmark.experiment.canvas import canvas_key, describe_canvas
from benchmark.experiment.plan import Plan
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.records.record_files import RecordFiles
from benchmark.tasks import Task
from benchmark.tasks.data_notes import CanvasNotes


def read_notes(records: RecordFiles) -> dict[str, Any]:
    """The data notes of the run before, by task; none where there was none, or it is damaged."""
    try:
        tasks = json.loads(records.read("run.json"))["tasks"]
        return {name: dict(info["notes"]) for name, info in tasks.items()}
    except (UserError, OSError, ValueError, KeyError, TypeError):
        return {}


def make_notes(
    task: Task, plan: Plan, scoring: TaskScoring, before: Mapping[str, Any]
) -> dict[str, Any]:
    """The notes of the data; the texts that are cut are not counted again where nothing changed."""
    # The systems behind the outputs of others have tokenisers and lengths of their own.
    recipe = plan.suite.tasks.get(task.id) if plan.trials else None
    key = canvas_key(recipe, task) if recipe is not None and task.train else None
    canvas: CanvasNotes | None = None
    if key is not None and before.get("canvas_key") == key:
        with suppress(KeyError, ValueError):
            canvas = TypeAdapter(CanvasNotes).validate_python(before["canvas"])
    if canvas is None and key is not None and recipe is not None:
        # A report can be gathered where the vocabulary of its systems is not installed.
        with suppress(UserError):
            canvas = describe_canvas(recipe, task)
    goes_without = (scoring.script, scoring.unit, scoring.unit_from) == ("latin", "words", "data")
    notes = replace(
        task.notes,
        judge=tuple(task.judge.remarks()) if task.judge is not None else (),
        counted_by="" if goes_without else scoring.unit,
        said_by=scoring.unit_from,
        canvas=canvas,
    )
    return notes.as_dict() | {"canvas_key": key, "sentences": notes.sentences()}


def name_cut(run: Mapping[str, Any]) -> list[str]:
    """The sentences on texts that do not fit, for the terminal."""
    told = []
    for name, info in run["tasks"].items():
        canvas = TypeAdapter(CanvasNotes | None).validate_python(info["notes"]["canvas"])
        told += [f"{name}: {sentence}" for sentence in (canvas.sentences() if canvas else ())]
    return told
