"""Trained systems on disk: the Hugging Face folder layout, without pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api.types import Lengths, Resources, UserError

if TYPE_CHECKING:
    from torch import nn


def save_folder(path: Path, config: Any, resources: Resources, module: nn.Module) -> None:
    """Write `config.json`, `model.safetensors` and the tokeniser into the folder `path`.

    Args:
        path: created if it is missing.
        config: the system's dataclass.
        resources: the source of lengths and tokeniser.
        module: the trained module.
    """
    from safetensors.torch import save_model

    path.mkdir(parents=True, exist_ok=True)
    values = {"config": asdict(config), "lengths": asdict(resources.lengths)}
    text = json.dumps(values, indent=2, sort_keys=True)
    (path / "config.json").write_text(text + "\n", encoding="utf-8")
    save_model(module, str(path / "model.safetensors"))
    resources.tokenizer.save(path)


def save_operators(
    path: Path, attributes: Mapping[str, Sequence[str]], operators: nn.Module
) -> None:
    """Write `attributes.json` and `model.safetensors` into the folder `path`.

    Args:
        path: created if it is missing.
        attributes: the values of every attribute, in the order that the operators know.
        operators: the fitted operators.
    """
    from safetensors.torch import save_model

    path.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(attributes), ensure_ascii=False, indent=2)
    (path / "attributes.json").write_text(text + "\n", encoding="utf-8")
    save_model(operators, str(path / "model.safetensors"))


def read_attributes(path: Path) -> dict[str, list[str]]:
    """The attributes of the operators that `save_operators` wrote into the folder `path`.

    Raises:
        UserError: if the file is missing or broken.
    """
    try:
        found = json.loads((path / "attributes.json").read_text(encoding="utf-8"))
        return {name: [*values] for name, values in found.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UserError(f"No operators can be read from {path}: {error}.") from error


def read_folder(path: Path, config_type: type) -> tuple[Any, Resources]:
    """The configuration and the resources (tokeniser, lengths) that `save_folder` wrote.

    Raises:
        UserError: if a file is missing, broken, or written for another class.
    """
    from benchmark.api.tokenizers import SubwordTokenizer

    file = path / "config.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        config, lengths = dict(values["config"]), Lengths(**values["lengths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"No configuration can be read from {file}: {error}.") from error
    unknown = sorted(set(config) - {field.name for field in fields(config_type)})
    if unknown:
        raise UserError(
            f"{file} does not describe {config_type.__qualname__} (unknown: {unknown}):"
            " it was written by another system or version."
        )
    return config_type(**config), Resources(SubwordTokenizer.load(path), lengths)


def load_weights(path: Path, module: nn.Module, device: str) -> None:
    """Fill `module` from `model.safetensors` in the folder `path` and move it to `device`.

    Raises:
        UserError: if the file is missing, or names or shapes do not match.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_model

    file = path / "model.safetensors"
    try:
        load_model(module, str(file))
    except (OSError, RuntimeError, SafetensorError) as error:
        first_line = str(error).splitlines()[0]
        raise UserError(f"The weights in {file} do not fit the configuration: {first_line}.") from (
            error
        )
    module.to(device)
