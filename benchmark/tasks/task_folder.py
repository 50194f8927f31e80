"""The folder of a task: which of its files hold which split.

A split is one of these, named `train`, `valid` (`validation`, `val`, `dev`) or `test`:

- JSON lines in the format of DiffuSeq, `train.jsonl` or `train.jsonl.gz`, before all others;
- another table: `.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet`, all but the last also as `.gz`;
  also in parts, `train-00000-of-00002.parquet`, which have one ending;
- two files of lines, `train.en` and `train.de` or `src-train.txt` and `tgt-train.txt`;
- a folder in which the library `datasets` saved it, as `save_to_disk` makes them.

Only `test` must exist. A folder can hold further test sets for the same train split:
`test_<name>.jsonl` in the folder `<task>` is the test of the task `<task>-<name>`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmark.api import UserError
from benchmark.tasks.pair_columns import Columns
from benchmark.tasks.splits import SPLITS, Split
from benchmark.tasks.task_file import TaskFile, read_task_file

SUFFIXES = (".jsonl", ".jsonl.gz")
"""Endings of the format of DiffuSeq."""
TABLES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
"""Endings of files that hold whole pairs; all but the last may end in `.gz` too."""
SPLIT_NAMES: Mapping[Split, frozenset[str]] = {
    "train": frozenset({"train", "training", "trn"}),
    "valid": frozenset({"valid", "validation", "validate", "val", "dev", "development"}),
    "test": frozenset({"test", "testing", "tst"}),
}
"""What a split is called."""
LINE_KEYS = (("src", "trg"), ("source", "target"), ("src", "tgt"))
"""Endings of two files that hold a pair a line, unless others are named."""
TARGETS = "control_targets"
"""Stem of a file of control lines alone, which is the test of the task `<task>-targets`."""

_SAVED = "state.json"
"""What `save_to_disk` leaves in the folder of a split."""
_PART = re.compile(r"(.+)-([0-9]{5})-of-([0-9]{5})")
_SIDE_FIRST = re.compile(r"([^-.]+)-([^-.]+)\.txt")
"""`src-train.txt`, as OpenNMT has them."""


@dataclass(frozen=True, slots=True)
class SplitFiles:
    """What holds a split."""

    paths: tuple[Path, ...]
    """The parts of a table, the files of sources and targets, or one folder."""
    form: Literal["table", "lines", "dataset"]
    keys: tuple[str, str] | None = None
    """Of `lines`: what the files of sources and targets are told apart by."""

    @property
    def name(self) -> str:
        """For messages: the name of the file or, of several, all."""
        return "+".join(path.name for path in self.paths)

    @property
    def json_lines(self) -> Path | None:
        """The file, if it is one of JSON lines."""
        alone = self.form == "table" and len(self.paths) == 1
        return self.paths[0] if alone and ending(self.paths[0].name) == ".jsonl" else None


@dataclass(frozen=True)
class Folder:
    """The files of the splits of a task; None if there is none."""

    task_id: str
    path: Path
    files: Mapping[Split, SplitFiles | None]
    unread: tuple[str, ...]
    """Names of further tables, and of all else that is called like a split."""
    said: TaskFile
    """What its `task.yaml` says, with the columns that the caller names instead."""

    @property
    def json_lines(self) -> dict[Split, Path | None]:
        """The files of JSON lines; None for a split that has none."""
        return {split: of.json_lines if of else None for split, of in self.files.items()}


def ending(name: str) -> str:
    """What the format of a file is known by: its ending without `.gz`."""
    return Path(name.lower().removesuffix(".gz")).suffix


def list_tasks(data_dir: Path) -> list[str]:
    """Ids of the tasks in `data_dir`, sorted: folders with a test file, and their variants.

    Raises:
        UserError: if `data_dir` is not a folder that can be read.
    """
    found = set()
    for folder in _subfolders(data_dir):
        for stem in _stems(folder).values():
            if split_of(stem) == "test":
                found.add(folder.name)
            elif stem.startswith("test_"):
                found.add(f"{folder.name}-{stem.removeprefix('test_')}")
            elif stem == TARGETS:
                found.add(f"{folder.name}-targets")
    return sorted(found)


def find_folder(task_id: str, data_dir: Path, columns: Columns | None = None) -> Folder | None:
    """The folder of a task, or of the task that it is a variant of; None if there is none.

    Args:
        columns: named by the caller, before those of the folder's `task.yaml`.

    Raises:
        UserError: if `data_dir` is not a folder, a split has two files or lacks a part, or there
            is no test file.
    """
    columns = columns or Columns()
    folders = {path.name: path for path in _subfolders(data_dir)}
    if task_id in folders:
        return find_splits(folders[task_id], columns, task_id=task_id)
    for name, path in folders.items():
        rest = task_id.removeprefix(f"{name}-")
        variant = TARGETS if rest == "targets" else f"test_{rest}"
        if task_id.startswith(f"{name}-") and variant in _stems(path).values():
            return find_splits(path, columns, task_id=task_id, test=variant)
    return None


def find_splits(
    path: Path, columns: Columns, *, task_id: str | None = None, test: str = "test"
) -> Folder:
    """The files of the splits in a folder.

    Args:
        columns: named by the caller, before those of the folder's `task.yaml`; they tell apart two
            files of lines.
        task_id: of the task; None = the name of the folder.
        test: stem of the test file.

    Raises:
        UserError: if a split has two files or lacks a part, or there is no test file.
    """
    task_id = path.name if task_id is None else task_id
    said = read_task_file(path)
    said = replace(said, columns=columns.over(said.columns))
    files = {split: _find(path, split, said.columns, test) for split in SPLITS}
    if files["test"] is None:
        if (path / _SAVED).is_file():
            raise UserError(
                f"{path} is one saved split and not a folder of them: call it test and put it into"
                " the folder of the task, or save a DatasetDict with a split test."
            )
        saved = " as two files of lines (test.en, test.de), or as a folder of `datasets`"
        raise UserError(
            f"task '{task_id}' has no test file: {path / test}.jsonl or .jsonl.gz is missing;"
            f" it may also be .json, .csv, .tsv or .parquet, come{saved}"
        )
    read = {of.name for found in files.values() if found for of in found.paths}
    return Folder(task_id, path, files, _unread(path, test, read), said)


def split_of(name: str) -> Split | None:
    """The split that is called so; None for other names."""
    plain = name.lower()
    return next((split for split, names in SPLIT_NAMES.items() if plain in names), None)


def _find(path: Path, split: Split, columns: Columns, test: str) -> SplitFiles | None:
    stem = test if split == "test" else split
    own = [path / f"{stem}{suffix}" for suffix in SUFFIXES if (path / f"{stem}{suffix}").exists()]
    if len(own) > 1:
        raise UserError(f"{own[0]} and {own[1].name} both exist: remove one of them")
    if own:
        return SplitFiles((own[0],), "table")
    # A further test set has no other names.
    names = SPLIT_NAMES[split] if stem == split else frozenset({test.lower()})
    found = [*_tables(path, names), *_datasets(path, names)]
    # Where there is a table, other files with its name are no texts.
    found = found or _line_pairs(path, names, columns)
    if len(found) > 1:
        listed = ", ".join(of.name for of in found)
        raise UserError(f"{path} has more than one file of {split} ({listed}): keep one.")
    if not found:
        return None
    _check_parts(found[0].paths)
    return found[0]


def _tables(path: Path, stems: Collection[str]) -> list[SplitFiles]:
    tables: dict[tuple[str, str, bool], list[Path]] = defaultdict(list)
    for name in _names(path):
        stem = _table_stem(name)
        if stem is not None and stem.lower() in stems and (path / name).is_file():
            bare = _bare(name)
            # The parts of a table have one ending; a whole file is another table.
            key = (stem, name[len(bare) :].lower(), _PART.fullmatch(bare) is not None)
            tables[key].append(path / name)
    return [SplitFiles(tuple(files), "table") for files in tables.values()]


def _check_parts(paths: Sequence[Path]) -> None:
    """Refuse parts of a table without the others, or beside those of another.

    Raises:
        UserError: naming a part.
    """
    parts = [part for path in paths if (part := _PART.fullmatch(_bare(path.name)))]
    if not parts:
        return
    first, count = paths[0], int(parts[0][3])
    for path, part in zip(paths, parts, strict=True):
        if int(part[3]) != count:
            raise UserError(
                f"{first} and {path.name} are parts of two tables: keep the parts of one."
            )
    numbers = {int(part[2]) for part in parts}
    wanted = {number + (0 not in numbers) for number in range(count)}
    if numbers != wanted:
        raise UserError(
            f"{first} is one of {count} parts, and {len(numbers & wanted)} of them are there: put"
            " exactly these parts into the folder."
        )


def _bare(name: str) -> str:
    """The name without its ending."""
    return name[: -len(".gz")].rpartition(".")[0] if name.endswith(".gz") else Path(name).stem


def _table_stem(name: str) -> str | None:
    """The stem of a table, without the number of a part; None for other files."""
    return _PART.sub(r"\1", _bare(name)) if ending(name) in TABLES else None


def _datasets(path: Path, stems: Collection[str]) -> list[SplitFiles]:
    return [
        SplitFiles((path / name,), "dataset")
        for name in _names(path)
        if name.lower() in stems and (path / name / _SAVED).is_file()
    ]


def _line_pairs(path: Path, stems: Collection[str], columns: Columns) -> list[SplitFiles]:
    sides = {
        prefix: of for prefix, of in _sides(path).items() if _first_part(prefix).lower() in stems
    }
    found = []
    for of in sides.values():
        keys = _line_keys(of, columns)
        if keys is not None:
            paths = (path / of[keys[0]], path / of[keys[1]])
            found.append(SplitFiles(paths, "lines", keys))
    if not found and (several := [of for of in sides.values() if len(of) > 1]):
        keys_there = sorted(several[0])
        listed = ", ".join(several[0][key] for key in keys_there)
        raise UserError(
            f"{path}: which of {listed} has the sources and which the targets is not certain: name"
            f" their endings, --source-key {keys_there[0]} --target-key {keys_there[1]}."
        )
    return found


def _line_keys(there: Mapping[str, str], columns: Columns) -> tuple[str, str] | None:
    """The keys of sources and targets among those that are there."""
    source, target = columns.source, columns.target
    if len(there) == 2 and (source is None) != (target is None):
        named = source if source is not None else target
        if named in there:
            other = next(key for key in there if key != named)
            source, target = (named, other) if target is None else (other, named)
    wanted = LINE_KEYS if source is None or target is None else ((source, target),)
    return next((keys for keys in wanted if {*keys} <= there.keys()), None)


def _sides(path: Path) -> dict[str, dict[str, str]]:
    """Files that may hold lines: by what two of them share, what tells them apart and the name."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for name in _names(path):
        bare = name.removesuffix(".gz")
        side_first = _SIDE_FIRST.fullmatch(bare)
        prefix, _, key = bare.rpartition(".")
        if side_first is not None:
            key, prefix = side_first.groups()
        if prefix and key and ending(name) not in TABLES and (path / name).is_file():
            found[prefix][key] = name
    return found


def _first_part(prefix: str) -> str:
    """`train` of `train.en-de`, whose files are `train.en-de.en` and `train.en-de.de`."""
    return prefix.partition(".")[0]


def _stems(path: Path, *, halves: bool = False) -> dict[str, str]:
    """The stem of all that may hold a split or a further test set, by its name.

    Args:
        halves: whether a file of lines counts that has no other beside it.
    """
    found: dict[str, str] = {}
    for prefix, of in _sides(path).items():
        if halves or len(of) > 1:
            found |= dict.fromkeys(of.values(), _first_part(prefix))
    for name in _names(path):
        stem = name if (path / name / _SAVED).is_file() else _table_stem(name)
        found |= {name: stem} if stem is not None else {}
    return found


def _unread(path: Path, test: str, read: Collection[str]) -> tuple[str, ...]:
    # Another `.json` is seldom a table.
    kinds = (".jsonl", ".csv", ".tsv", ".parquet")
    splits = {n for n, of in _stems(path, halves=True).items() if split_of(of) or of == test}
    named = (name for name in _names(path) if ending(name) in kinds or name in splits)
    return tuple(name for name in named if name not in read)


def _subfolders(data_dir: Path) -> list[Path]:
    if not data_dir.is_dir():
        state = "is a file" if data_dir.exists() else "does not exist"
        raise UserError(
            f"data folder {data_dir} {state}: give --data-dir a folder that holds "
            "<task>/test.jsonl or <task>/test.jsonl.gz"
        )
    return [data_dir / name for name in _names(data_dir) if (data_dir / name).is_dir()]


def _names(path: Path) -> Sequence[str]:
    try:
        # A name that is no text could stand in no record.
        return sorted(c.name for c in path.iterdir() if c.name.isprintable() or _is_text(c.name))
    except OSError as error:
        raise UserError(
            f"cannot read the folder {path}: {error.strerror or error}: give a folder that can"
        ) from error


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
