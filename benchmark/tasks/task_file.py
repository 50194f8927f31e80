"""What a folder of data says of its task besides the data: `task.yaml`, which may be absent.

tokens: zh             # what its texts are counted by, see `benchmark.api.token_unit`
source_key: question   # columns of its files, see `benchmark.tasks.pair_columns`
target_key: answer
refs_key: answers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.token_unit import Unit, read_unit
from benchmark.runtime.column_keys import COLUMN_KEYS
from benchmark.runtime.yaml_format import read_yaml
from benchmark.tasks.pair_columns import Columns

NAME = "task.yaml"
KEYS = ("tokens", *COLUMN_KEYS)


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What the file says; None or nothing where it does not say."""

    tokens: Unit | None = None
    columns: Columns = field(default_factory=Columns)


def read_task_file(folder: Path) -> TaskFile:
    """What the folder says of its task.

    Raises:
        UserError: if the file cannot be read, or has an unknown key or value.
    """
    path = folder / NAME
    if not path.is_file():
        return TaskFile()
    try:
        values = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no keys: write a line such as tokens: zh.")
    for key in values:
        if key not in KEYS:
            raise UserError(f"{path}: unknown key {key!r}: {suggestion(str(key), KEYS)}")
    return TaskFile(_tokens(path, values), Columns(*(_name(path, values, k) for k in COLUMN_KEYS)))


def _tokens(path: Path, values: Mapping[str, object]) -> Unit | None:
    if values.get("tokens") is None:
        return None
    try:
        return read_unit(values["tokens"])
    except ValueError as error:
        raise UserError(f"{path}: {error}.") from error


def _name(path: Path, values: Mapping[str, object], key: str) -> str | None:
    name = values.get(key)
    if name is None or (isinstance(name, str) and name):
        return name
    raise UserError(f"{path}: {key} is {name!r} and no name: write it in quotes.")
