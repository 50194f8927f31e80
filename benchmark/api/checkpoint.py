"""Trained systems on disk: the Hugging Face folder layout, without pickle."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api.types import Lengths, Resources, UserError

if TYPE_CHECKING:
    from torch import nn


IDENTITY = "system_identity.json"
"""The file that says which system a folder is of."""

_OURS = ("diffuseq", "baselines")


class UnnamedCheckpointWarning(UserWarning):
    """A folder that does not say which system wrote it."""


def write_identity(path: Path, system_class: type) -> None:
    """Write into the folder `path` which system it is of, for `check_identity`."""
    try:
        package = metadata.version("diffuseq-bench")
    except metadata.PackageNotFoundError:
        package = None
    identity = {
        "system": _id(system_class),
        "class": f"{system_class.__module__}:{system_class.__qualname__}",
        "version": getattr(system_class, "version", None),
        "package": package,
    }
    text = json.dumps(identity, ensure_ascii=False, indent=2)
    (path / IDENTITY).write_text(text + "\n", encoding="utf-8")


def check_identity(path: Path, system_class: type) -> None:
    """Check that the folder `path` is of this system; one that says nothing gives a warning.

    Networks of several systems have the same shapes, so that nothing else would notice.

    Raises:
        UserError: if it is of another system.
    """
    name, file = _id(system_class), path / IDENTITY
    try:
        identity = json.loads(file.read_text(encoding="utf-8"))
        written, by = str(identity["system"]), str(identity["class"])
    except FileNotFoundError:
        written, by = _find_writer(path, system_class) or name, ""
        if written == name and path.is_dir():
            warnings.warn(
                f"{path} does not say which system wrote it, as folders of versions up to 0.5.0 do"
                f" not: it is loaded as {name}.",
                UnnamedCheckpointWarning,
                stacklevel=3,
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{file} cannot be read ({type(error).__name__}): copy the folder again, or remove that"
            " file if you know which system it is of."
        ) from error
    if written != name:
        how = f" with {by.replace(':', '.')}.load" if by else ""
        raise UserError(
            f"{path} was written by the system {written!r} and cannot be loaded as {name!r}: load"
            f" it{how or f' with the class of {written}'}."
        )


def _find_writer(path: Path, system_class: type) -> str | None:
    """The system of an entry of a store that says nothing itself; None where it is not certain."""
    if system_class.__module__.partition(".")[0] not in _OURS:
        return None  # a plug-in may be registered under any name
    try:
        written = json.loads((path.parent / "record.json").read_text(encoding="utf-8"))["system"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if not isinstance(written, str) or ":" in written else written


def _id(system_class: type) -> str:
    return str(getattr(system_class, "id", system_class.__qualname__))


def save_folder(
    path: Path,
    config: Any,
    resources: Resources,
    module: nn.Module,
    *,
    system: type | None = None,
) -> None:
    """Write `config.json`, `model.safetensors` and the tokeniser into the folder `path`.

    Args:
        path: created if it is missing.
        config: the system's dataclass.
        resources: the source of lengths and tokeniser.
        module: the trained module.
        system: the class of the system, which `read_folder` compares; None writes no identity.
    """
    path.mkdir(parents=True, exist_ok=True)
    if system is not None:
        write_identity(path, system)
    values = {"config": asdict(config), "lengths": asdict(resources.lengths)}
    text = json.dumps(values, indent=2, sort_keys=True)
    (path / "config.json").write_text(text + "\n", encoding="utf-8")
    _save_weights(module, path / "model.safetensors")
    # safetensors writes for the owner alone: others may read it as they may the rest.
    shutil.copymode(path / "config.json", path / "model.safetensors")
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
    path.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(attributes), ensure_ascii=False, indent=2)
    (path / "attributes.json").write_text(text + "\n", encoding="utf-8")
    _save_weights(operators, path / "model.safetensors")
    shutil.copymode(path / "attributes.json", path / "model.safetensors")


def _save_weights(module: nn.Module, path: Path) -> None:
    """Write weights, in the same bytes each time."""
    from safetensors.torch import save_model

    save_model(module, str(path))
    sort_shared_names(path)


def sort_shared_names(path: Path) -> None:
    """Put the names of shared weights in order, where safetensors has them in a random one.

    Args:
        path: a file of safetensors, which is changed in place; its tensors stay where they are.
    """
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        if len(header.get("__metadata__", {})) < 2:
            return
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        file.seek(8)
        file.write(text.ljust(length))


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


def read_folder(
    path: Path, config_type: type, *, system: type | None = None
) -> tuple[Any, Resources]:
    """The configuration and the resources (tokeniser, lengths) that `save_folder` wrote.

    Args:
        path: the folder.
        config_type: the dataclass of the configuration.
        system: the class of the system that reads; see `check_identity`. None compares nothing.

    Raises:
        UserError: if a file is missing, broken, or written by another system.
    """
    from benchmark.api.tokenizers import SubwordTokenizer

    if system is not None:
        check_identity(path, system)
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
    except (OSError, SafetensorError) as error:
        why = "it is missing" if isinstance(error, FileNotFoundError) else f"{error}"
        raise UserError(f"The weights in {file} cannot be read ({why}): copy it again.") from error
    except RuntimeError as error:
        said = " ".join(str(error).split())[:200]
        raise UserError(f"The weights in {file} do not fit the configuration: {said}.") from error
    module.to(device)
