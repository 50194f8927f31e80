"""What a folder of data says of its task besides the data: `task.yaml`, which may be absent.

tokens: zh      # what its texts are counted by, see `benchmark.api.token_unit`
"""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.token_unit import Unit, read_unit
from benchmark.runtime.yaml_format import read_yaml

NAME = "task.yaml"
KEYS = ("tokens",)


def read_tokens(folder: Path) -> Unit | None:
    """What the folder says its texts are counted by; None if it does not say.

    Raises:
        UserError: if the file cannot be read, or has an unknown key or value.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        values = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no keys: write a line such as tokens: zh.")
    for key in values:
        if key not in KEYS:
            raise UserError(f"{path}: unknown key {key!r}: {suggestion(str(key), KEYS)}")
    if values.get("tokens") is None:
        return None
    try:
        return read_unit(values["tokens"])
    except ValueError as error:
        raise UserError(f"{path}: {error}.") from error
