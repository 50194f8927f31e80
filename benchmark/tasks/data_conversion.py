"""From the files of others to the folder of a task: `train`, `valid` and `test` as JSON lines."""

from __future__ import annotations

import shutil
from dataclasses import astuple, dataclass
from pathlib import Path

from benchmark.api import UserError
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import json_line
from benchmark.tasks.hub_dataset import is_hub_id, read_hub
from benchmark.tasks.pair_columns import Columns, Pair
from benchmark.tasks.pair_files import NO_PAIRS, Pairs, find_pairs, open_pairs
from benchmark.tasks.splits import Split
from benchmark.tasks.task_folder import find_splits


@dataclass(frozen=True, slots=True)
class ConvertedSplit:
    """What became of the rows of a split."""

    split: Split
    origin: str
    """The files, or the dataset."""
    rows: int
    left_out: int
    """Rows without a source or a target."""
    columns: tuple[str | None, ...]
    """Those that were read, of source, target and references."""


def convert(
    origin: str, output: Path, columns: Columns, subset: str | None = None
) -> list[ConvertedSplit]:
    """Write the pairs of a folder, or of a dataset of the hub, into the new folder `output`.

    Args:
        origin: a folder as `benchmark.tasks.task_folder` describes, or OWNER/NAME on the hub.
        output: of the task; must not exist.
        columns: of source, target and references.
        subset: of the dataset, where it has several.

    Raises:
        UserError: if a file cannot be read, a split has two, or there is none of test.
    """
    if output.exists():
        raise UserError(f"{output} exists: name another folder with --output, or remove it.")
    splits = _open(origin, columns, subset)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial, "--output", named=output.parent)
    try:
        done = [_convert(split, name, pairs, partial) for split, (name, pairs) in splits.items()]
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    partial.replace(output)
    return done


def _open(origin: str, columns: Columns, subset: str | None) -> dict[Split, tuple[str, Pairs]]:
    """The pairs of each split, and what they come from."""
    folder = Path(origin)
    if folder.is_dir():
        if subset is not None:
            raise UserError(f"--subset {subset}: {origin} is a folder and has none; omit it.")
        found = find_splits(folder, columns)
        return {
            split: (files.name, open_pairs(files, found.said.columns, split))
            for split, files in found.files.items()
            if files is not None
        }
    if folder.exists() or not is_hub_id(origin):
        raise UserError(
            f"{origin} is no folder: name one with the files of the splits, or OWNER/NAME of a"
            " dataset on the hub."
        )
    return {
        split: (origin, find_pairs(rows, columns, f"{origin}, {split}", split))
        for split, rows in read_hub(origin, subset).items()
    }


def _convert(split: Split, origin: str, pairs: Pairs, output: Path) -> ConvertedSplit:
    rows = left_out = 0
    with (output / f"{split}.jsonl").open("w", encoding="utf-8") as file:
        for pair in pairs:
            rows += 1
            if pair is None:
                left_out += 1
            else:
                file.write(_line(pair))
    if rows == left_out:
        raise UserError(f"{origin} {NO_PAIRS}")
    return ConvertedSplit(split, origin, rows, left_out, astuple(pairs.columns))


def _line(pair: Pair) -> str:
    more = {"refs": list(pair.references)} if len(pair.references) > 1 else {}
    return json_line({"src": pair.source, "trg": pair.target, **more})
