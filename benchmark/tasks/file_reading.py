"""What was read of the files of a task and what was not, in sentences for the terminal.

A file or a key with another name than the one that is read is left alone, which changes what is
measured: it is named, with the name that would be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.tasks.data_notes import describe_columns
from benchmark.tasks.json_lines import OTHER_NAMES
from benchmark.tasks.splits import SPLITS
from benchmark.tasks.task import Task


def describe_reading(task: Task) -> Iterator[str]:
    """The numbers of examples that were read and are used, files and keys that are not read.

    Nothing for tasks that are made and not read.
    """
    if task.kind != "jsonl":
        return
    notes = task.notes
    counts = []
    for split in SPLITS:
        read, left_out = notes.available.get(split, 0), notes.limited.get(split, 0)
        used = len(getattr(task, split))
        # Of texts with attributes one line gives no example or several.
        assert task.attributes or read == used + left_out, f"examples of {split} were dropped"
        counts.append(f"{split} {read:,} read, {used:,} used, {left_out:,} left out by limits")
    yield f"{task.id}: {'; '.join(counts)}."
    for name in notes.unread_files:
        yield f"{task.id}: {name} is not read."
    for of, left in notes.left_out.items():
        yield f"{task.id}: {left:,} rows of {of} have no source or no target and are left out."
    for said in describe_columns(notes.columns):
        yield f"{task.id}: {said[0].lower()}{said[1:]}."
    for split_read, keys in notes.ignored_keys.items():
        for key, count in keys.items():
            known = None if split_read in notes.columns else find_key_name(key)
            hint = f': the key that is read is "{known}"' if known else ""
            where = f"in {split_read} ({count:,} lines)"
            yield f"{task.id}: the key {key!r:.80} {where} is not read{hint}."


def find_key_name(key: str) -> str | None:
    """The key that is read for what others call `key`; None for others."""
    plain = key.strip().lower()
    found = (known for known, names in OTHER_NAMES.items() if plain in {*names, known})
    return next(found, None)
