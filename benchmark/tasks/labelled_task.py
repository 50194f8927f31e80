"""Control tasks from files of real texts with attributes.

A folder whose train file starts with a text of one side, or that the catalogue knows as a control
task, is the task `<folder>`, which asks for new texts, and `<folder>-edit`, which asks for edits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmark.api import Example, UserError, detect_script
from benchmark.api.control import Judge
from benchmark.tasks.catalogue import TASKS
from benchmark.tasks.data_notes import take_notes
from benchmark.tasks.json_lines import fail
from benchmark.tasks.labelled_lines import LabelledFile, LabelledLine, is_labelled, read_labelled
from benchmark.tasks.labelled_splits import edits, own, requests, values_of
from benchmark.tasks.requests_in_use import content, evenly
from benchmark.tasks.slot_judge import SlotJudge
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task import Task
from benchmark.tasks.task_folder import Folder
from benchmark.tasks.text_judge import TextJudge

EDIT = "-edit"
Lines = Sequence[LabelledLine]
VERSION = 1
"""Incremented when the examples that a file yields change."""


def is_labelled_task(folder: Folder) -> bool:
    """Whether the files hold texts with attributes.

    Raises:
        UserError: if the first line of a file cannot be read.
    """
    # A further test file is a task of its own, and of the kind of its folder.
    entry = TASKS.get(folder.task_id, TASKS.get(folder.path.name))
    if entry is not None:
        return entry.family == "control"
    path = folder.json_lines["train" if folder.files["train"] else "test"]
    return path is not None and not folder.said.columns.named and is_labelled(path)


def load_labelled(folder: Folder, caps: Mapping[Split, int | None], *, edit: bool) -> Task:
    """The task of a folder.

    Raises:
        UserError: if a file has a bad line, there is no train file, nothing to learn from it, or
            nothing to edit.
    """
    if folder.files["train"] is None:
        raise UserError(
            f"task '{folder.task_id}' has no train file: {folder.path / 'train'}.jsonl or .jsonl.gz"
            " is missing, from which the values and the judge are learnt"
        )
    paths = folder.json_lines
    for split, files in folder.files.items():
        if files is not None and paths[split] is None:
            raise UserError(
                f"{files.paths[0]} cannot hold texts with attributes: write them into a file"
                f" {split}.jsonl."
            )
    read = {
        split: read_labelled(path) if path is not None else LabelledFile()
        for split, path in paths.items()
    }
    lines = {split: read[split].lines for split in SPLITS}
    has_slots = lines["train"][0].form == "slots"
    attributes = values_of(*(lines.values() if has_slots else [lines["train"]]))
    _check_train(folder, lines["train"], has_slots=has_slots)
    if not has_slots:
        _check_values(folder, lines, attributes)
    name = folder.path.name
    whole: dict[Split, tuple[Example, ...]] = {
        # The texts of a file stand in no order, the requests of the test in that of their values.
        "train": own(lines["train"][: caps["train"]], name, "train", edit=edit),
        "valid": own(lines["valid"][: caps["valid"]], name, "valid", edit=edit),
        "test": (
            edits(lines["test"], attributes, folder.task_id)
            if edit
            else requests(lines["test"], attributes)
        ),
    }
    splits = whole | {"test": evenly(whole["test"], caps["test"])}
    entry = TASKS.get(folder.task_id)
    return Task(
        id=folder.task_id,
        kind="jsonl",
        title=entry.title if entry is not None else folder.task_id,
        version=VERSION,
        train=splits["train"],
        valid=splits["valid"],
        test=splits["test"],
        attributes=attributes,
        judge=_judge(folder, lines, has_slots=has_slots),
        tokens=folder.said.tokens,
        notes=take_notes(
            {split: tuple(map(content, splits[split])) for split in SPLITS},
            available={
                "train": len(lines["train"]),
                "valid": len(lines["valid"]),
                "test": len(whole["test"]),
            },
            ignored_keys={split: read[split].ignored_keys for split in SPLITS},
            unread_files=folder.unread,
        ),
    )


def _judge(folder: Folder, lines: Mapping[Split, Lines], *, has_slots: bool) -> Judge:
    files = folder.json_lines
    train, held_out = files["train"], files["valid"] or files["test"]
    assert train is not None and held_out is not None
    name = folder.path.name
    if has_slots:
        said_by: Split = "test" if any(line.texts for line in lines["test"]) else "train"
        return SlotJudge(name, (files[said_by] or train).resolve())
    texts = (line.texts[0] for line in lines["train"] if line.texts)
    characters = detect_script(texts) == "unspaced"
    return TextJudge(name, train.resolve(), held_out.resolve(), characters)


def _check_train(folder: Folder, train: Lines, *, has_slots: bool) -> None:
    """Said before anything is trained: the judge is fitted only when the first text is scored."""
    texts = [line for line in train if line.texts]
    if not texts:
        raise UserError(
            f"{folder.json_lines['train']} has no text, only attributes: add lines like "
            '{"text": "...", "attributes": {...}}'
        )
    names = {name for line in texts for name in line.attributes}
    for name in sorted(names) if not has_slots else ():
        if len({line.attributes[name] for line in texts if name in line.attributes}) < 2:
            raise UserError(
                f"{folder.json_lines['train']}: all texts have the same {name!r}, so no judge can"
                " be fitted: add texts with another value, or leave the attribute out"
            )


def _check_values(
    folder: Folder, lines: Mapping[Split, Lines], attributes: Mapping[str, Sequence[str]]
) -> None:
    for split, path in folder.json_lines.items():
        for line in lines[split] if path is not None else ():
            for name, value in (line.rewritten or line.attributes).items():
                if path is not None and value not in attributes.get(name, ()):
                    known = ", ".join(attributes.get(name, attributes))
                    reason = f"'{name}: {value}' does not occur in train"
                    fail(path, line.number, reason, f"use one of {known}, or remove the line")
