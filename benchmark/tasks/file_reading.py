"""What was read of the files of a task and what was not, in sentences for the terminal.

A file or a key with another name than the one that is read is left alone, which changes what is
measured: it is named, with the name that would be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.tasks.json_lines import OTHER_NAMES, SUFFIXES
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task import Task

SPLIT_NAMES: dict[Split, frozenset[str]] = {
    "train": frozenset({"training", "trn", "tr"}),
    "valid": frozenset({"validation", "val", "validate", "dev", "development", "eval"}),
    "test": frozenset({"testing", "tst", "te"}),
}
"""What others call the splits."""


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
        split_name = find_split(name)
        hint = f": name it {split_name}.jsonl" if split_name else ""
        yield f"{task.id}: {name} is not read{hint}."
    for split_read, keys in notes.ignored_keys.items():
        for key, count in keys.items():
            known = find_key_name(key)
            hint = f': the key that is read is "{known}"' if known else ""
            where = f"in {split_read} ({count:,} lines)"
            yield f"{task.id}: the key {key!r:.80} {where} is not read{hint}."


def find_split(file_name: str) -> Split | None:
    """The split that a file seems to hold, by the name that others give it; None for others."""
    stem = file_name
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    found = (split for split, names in SPLIT_NAMES.items() if stem.lower() in {*names, split})
    return next(found, None)


def find_key_name(key: str) -> str | None:
    """The key that is read for what others call `key`; None for others."""
    plain = key.strip().lower()
    found = (known for known, names in OTHER_NAMES.items() if plain in {*names, known})
    return next(found, None)
