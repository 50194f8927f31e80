"""From the files of others to the folder of a task: `train`, `valid` and `test` as JSON lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.api import UserError
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import json_line
from benchmark.tasks.pair_files import (
    TABLES,
    Columns,
    Pair,
    ending,
    read_line_pairs,
    read_pairs,
)
from benchmark.tasks.splits import SPLITS, Split

STEMS: dict[str, Split] = {
    "train": "train", "training": "train",
    "valid": "valid", "validation": "valid", "dev": "valid", "val": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip
"""Names of files, without their endings, and the splits that they hold."""

LINE_KEYS = (("src", "trg"), ("source", "target"), ("src", "tgt"))
"""Endings of two files that hold a pair a line, unless others are named."""


@dataclass(frozen=True, slots=True)
class ConvertedSplit:
    """What became of the rows of a split."""

    split: Split
    files: tuple[str, ...]
    rows: int
    left_out: int
    """Rows without a source or a target."""


def convert(folder: Path, output: Path, columns: Columns) -> list[ConvertedSplit]:
    """Write the pairs in the files of `folder` into the new folder `output`.

    Args:
        folder: with a file for each split, or two, `train.en` and `train.de`, named by their
            endings in `columns`; `test` has to be there.
        output: of the task; must not exist.
        columns: of source, target and references.

    Raises:
        UserError: if a file cannot be read, a split has two, or there is none of test.
    """
    if output.exists():
        raise UserError(f"{output} exists: name another folder with --output, or remove it.")
    found = find_files(folder, columns)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial, "--output", named=output.parent)
    try:
        done = [_convert(split, files, partial, columns) for split, files in found.items()]
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    partial.replace(output)
    return done


def find_files(folder: Path, columns: Columns) -> dict[Split, tuple[Path, ...]]:
    """The file of each split, or the two of a pair a line.

    Raises:
        UserError: as `convert`.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: name one with the files of the splits.")
    found: dict[Split, list[tuple[Path, ...]]] = {}
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for name in names:
        split = STEMS.get(_stem(name))
        if split is None:
            continue
        if ending(name) in TABLES:
            found.setdefault(split, []).append((folder / name,))
        elif (other := _partner(name, names, columns)) is not None:
            found.setdefault(split, []).append((folder / name, folder / other))
    for split, several in found.items():
        if len(several) > 1:
            listed = ", ".join("+".join(path.name for path in files) for files in several)
            raise UserError(f"{folder} has more than one file of {split} ({listed}): keep one.")
    if "test" not in found:
        raise UserError(
            f"{folder} has no file of the test part: name it test.jsonl, .json, .csv, .tsv or"
            " .parquet; or two, such as test.en and test.de, with --source-key en --target-key de."
        )
    return {split: found[split][0] for split in SPLITS if split in found}


def _stem(name: str) -> str:
    return name.lower().removesuffix(".gz").rpartition(".")[0]


def _partner(name: str, names: Sequence[str], columns: Columns) -> str | None:
    """The file of the targets of a file of sources; None if this is no such file."""
    keys: Sequence[tuple[str, str]] = LINE_KEYS
    if columns.source is not None and columns.target is not None:
        keys = ((columns.source, columns.target),)
    bare = name.removesuffix(".gz")
    stem, _, key = bare.rpartition(".")
    for source, target in keys:
        for other in (f"{stem}.{target}", f"{stem}.{target}.gz"):
            if key == source and other in names:
                return other
    return None


def _convert(
    split: Split, files: tuple[Path, ...], output: Path, columns: Columns
) -> ConvertedSplit:
    rows = left_out = 0
    with (output / f"{split}.jsonl").open("w", encoding="utf-8") as file:
        for pair in _read(files, columns):
            rows += 1
            if pair is None:
                left_out += 1
            else:
                file.write(_line(pair))
    if rows == left_out:
        raise UserError(f"{files[0]} has no pair with a source and a target.")
    return ConvertedSplit(split, tuple(path.name for path in files), rows, left_out)


def _read(files: tuple[Path, ...], columns: Columns) -> Iterator[Pair | None]:
    return read_pairs(files[0], columns) if len(files) == 1 else read_line_pairs(*files)


def _line(pair: Pair) -> str:
    more = {"refs": list(pair.references)} if len(pair.references) > 1 else {}
    return json_line({"src": pair.source, "trg": pair.target, **more})
