"""From a task id to its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path

from benchmark.api import Example, UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.tasks import control_answers, control_splits, controlled_splits
from benchmark.tasks.catalogue import TASKS, TaskEntry
from benchmark.tasks.control_answers import ControlAnswers
from benchmark.tasks.data_notes import PUBLISHED_TRAIN, take_notes
from benchmark.tasks.json_lines import KEYS, Lines, read_jsonl, read_objects, read_origin
from benchmark.tasks.labelled_task import EDIT, is_labelled_task, load_labelled
from benchmark.tasks.pair_columns import Columns
from benchmark.tasks.pair_files import NO_PAIRS, open_pairs
from benchmark.tasks.requests_in_use import content, evenly
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task import Task
from benchmark.tasks.task_folder import Folder, SplitFiles, find_folder, list_tasks

JSONL_VERSION = 1
"""Incremented when the reader changes which examples a file yields."""


def load_task(
    task_id: str,
    *,
    data_dir: Path | None = None,
    limits: Mapping[str, int | None] | None = None,
    columns: Columns | None = None,
) -> Task:
    """Read or make the data of a task.

    Files are read and checked completely, then each split is cut to its first `limits[split]`
    examples. Digests and notes are those of the examples in use.

    Args:
        task_id: a task of the package, or a folder in `data_dir`.
        data_dir: folder of real data; None reads none.
        limits: maximum number of examples per split; None or absent means all.
        columns: of source, target and references, before what `task.yaml` in the folder says; None
            or nothing in them means found by their names.

    Raises:
        UserError: if the id, a limit, the folder or a file is invalid.
    """
    caps = _check_limits(limits or {})
    if task_id in TASKS and TASKS[task_id].kind == "controlled":
        return _controlled(task_id, caps, data_dir)
    if task_id in TASKS and TASKS[task_id].kind == "control":
        return _control(task_id, caps)
    if data_dir is None:
        if task_id in TASKS:
            raise UserError(
                f"task '{task_id}' reads files: give --data-dir a folder that holds "
                f"{task_id}/test.jsonl or {task_id}/test.jsonl.gz"
            )
        raise UserError(
            f"unknown task '{task_id}' (for a task of your own give --data-dir):"
            f" {suggestion(task_id.lower(), TASKS)}"
        )
    folder = find_folder(task_id, data_dir, columns)
    if folder is None and task_id.endswith(EDIT):
        folder = find_folder(task_id.removesuffix(EDIT), data_dir, columns)
        if folder is not None and is_labelled_task(folder):
            return load_labelled(replace(folder, task_id=task_id), caps, edit=True)
        folder = None
    if folder is None:
        present = list_tasks(data_dir)
        listed = ", ".join(present) or "none"
        if task_id in TASKS:
            raise UserError(
                f"task '{task_id}' is not in {data_dir}: put its files into "
                f"{data_dir / task_id}; tasks there: {listed}"
            )
        hint = suggestion(task_id.lower(), [*present, *TASKS])
        raise UserError(f"unknown task '{task_id}' (tasks in {data_dir}: {listed}): {hint}")
    if is_labelled_task(folder):
        return load_labelled(folder, caps, edit=False)
    return _jsonl(folder, caps)


def _controlled(task_id: str, caps: Mapping[Split, int | None], data_dir: Path | None) -> Task:
    if data_dir is not None and (data_dir / task_id).is_dir():
        raise UserError(
            f"task '{task_id}' is a controlled task and {data_dir / task_id} a folder of data: "
            "rename the folder"
        )
    grammar = controlled_splits.grammar(task_id)
    whole = controlled_splits.splits(task_id)
    splits = {split: whole[split][: caps[split]] for split in SPLITS}
    return Task(
        id=task_id,
        kind="controlled",
        title=TASKS[task_id].title,
        version=grammar.version,
        train=splits["train"],
        valid=splits["valid"],
        test=splits["test"],
        conditional=partial(controlled_splits.conditional, task_id),
        notes=take_notes(splits, available={split: len(whole[split]) for split in SPLITS}),
        quality=TASKS[task_id].quality,
    )


def _control(task_id: str, caps: Mapping[Split, int | None]) -> Task:
    grammar_id, edit = task_id.removesuffix("-edit"), task_id.endswith("-edit")
    answers = ControlAnswers(grammar_id)
    whole = control_splits.splits(grammar_id, edit=edit)
    splits = {split: evenly(whole[split], caps[split]) for split in SPLITS}
    return Task(
        id=task_id,
        kind="control",
        title=TASKS[task_id].title,
        version=answers.grammar.version,
        train=splits["train"],
        valid=splits["valid"],
        test=splits["test"],
        conditional=partial(control_answers.conditional, grammar_id) if edit else None,
        attributes=answers.attributes,
        judge=answers,
        draw=answers.draw,
        informed_draw=None if edit else answers.informed_draw,
        notes=take_notes(
            {split: tuple(map(content, splits[split])) for split in SPLITS},
            available={split: len(whole[split]) for split in SPLITS},
        ),
    )


def _jsonl(folder: Folder, caps: Mapping[Split, int | None]) -> Task:
    read = {
        split: read_split(files, split, folder.said.columns) if files else Lines()
        for split, files in folder.files.items()
    }
    splits: dict[Split, Sequence[Example]] = {
        split: tuple(read[split].examples[: caps[split]]) for split in SPLITS
    }
    entry = TASKS.get(folder.task_id)
    origin = TASKS.get(read_origin(folder.path) or "")
    declared = entry or origin
    # A distilled task shares the test split of its origin, and so the known answers.
    return Task(
        id=folder.task_id,
        kind="jsonl",
        title=_title(folder, entry, origin),
        version=JSONL_VERSION,
        train=tuple(splits["train"]),
        valid=tuple(splits["valid"]),
        test=tuple(splits["test"]),
        conditional=(
            partial(controlled_splits.conditional, origin.id)
            if origin is not None and origin.kind == "controlled"
            else None
        ),
        notes=take_notes(
            splits,
            available={split: len(read[split].examples) for split in SPLITS},
            ignored_keys={split: read[split].ignored_keys for split in SPLITS},
            empty_references={split: read[split].empty_references for split in SPLITS},
            left_out={split: read[split].left_out for split in SPLITS},
            columns={split: read[split].columns for split in SPLITS},
            unread_files=folder.unread,
            published_train=PUBLISHED_TRAIN.get(folder.task_id),
        ),
        quality=declared.quality if declared is not None else "",
        tokens=folder.said.tokens,
    )


def read_split(files: SplitFiles, split: Split, columns: Columns) -> Lines:
    """The examples of a split; ids are ``<split>-<row number>``.

    Raises:
        UserError: if a file cannot be read, holds no examples, has no such columns, or a row holds
            no texts.
    """
    if files.json_lines is not None and not columns.named and _is_own(files.json_lines):
        return read_jsonl(files.json_lines, split)
    pairs = open_pairs(files, columns, split)
    lines = Lines()
    for number, pair in enumerate(pairs, start=1):
        if pair is None:
            lines.left_out += 1
            continue
        lines.empty_references += pair.empty_references
        example = Example(f"{split}-{number}", pair.source, pair.target, pair.references)
        lines.examples.append(example)
    if not lines.examples:
        raise UserError(f"{files.paths[0]} {NO_PAIRS}")
    lines.ignored_keys = dict(sorted(pairs.ignored.items()))
    found = astuple(pairs.columns)
    if files.form != "lines" and {*found} - {*KEYS, None}:
        lines.columns = tuple(of or "" for of in found)
    return lines


def _is_own(path: Path) -> bool:
    """Whether the file is in the format of DiffuSeq, which is read strictly."""
    _, first = next(iter(read_objects(path)))
    return {"src", "trg"} <= first.keys()


def _title(folder: Folder, entry: TaskEntry | None, origin: TaskEntry | None) -> str:
    if entry is not None:
        return entry.title
    return f"{origin.title}, distilled" if origin is not None else folder.task_id


def _check_limits(limits: Mapping[str, int | None]) -> dict[Split, int | None]:
    for split, limit in limits.items():
        if split not in SPLITS:
            raise UserError(f"unknown split '{split}' in limits: use train, valid or test")
        least = 1 if split == "test" else 0
        if limit is not None and limit < least:
            raise UserError(f"limit {limit} of split '{split}': give {least} or more, or none")
    return {split: limits.get(split) for split in SPLITS}
