"""From an id to a system; a system is imported only when it is used.

Third-party systems are found by the entry point group `diffuseq_bench.systems` (name = id, value =
`module:Class`), or, in the working directory, by their dotted path: `--system my_file:MySystem`.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import cast

from benchmark.api import System, UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.configuration import fill
from benchmark.runtime.yaml_format import read_yaml

ENTRY_POINT_GROUP = "diffuseq_bench.systems"


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """What is known about a system without importing it."""

    id: str
    target: str
    family: str
    summary: str
    requires: tuple[str, ...] = ()
    """Modules that must be importable."""
    install: str = ""
    """The command that installs them."""

    @property
    def available(self) -> bool:
        """Whether everything in `requires` is installed."""
        return all(importlib.util.find_spec(module) is not None for module in self.requires)


# A checkout and an installed wheel both hold the file.
_FAIRSEQ_REQUIREMENTS = Path(__file__).parents[2] / "baselines" / "fairseq" / "requirements.txt"


@lru_cache(maxsize=1)
def _built_in() -> tuple[SystemEntry, ...]:
    """The systems of `systems.yaml`."""
    listed = read_yaml(Path(__file__).with_name("systems.yaml").read_text(encoding="utf-8"))
    requirements = shlex.quote(str(_FAIRSEQ_REQUIREMENTS))
    entries = []
    for name, values in listed.items():
        install = values.get("install", "").replace("FAIRSEQ_REQUIREMENTS", requirements)
        entries.append(fill(SystemEntry, {"id": name, **values, "install": install}, name))
    return tuple(entries)


def system_entries() -> dict[str, SystemEntry]:
    """All known systems by id: ours first, then those of installed packages."""
    entries = {entry.id: entry for entry in _built_in()}
    for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
        summary = f"from the package {point.dist.name}" if point.dist else "an installed plug-in"
        entries.setdefault(point.name, SystemEntry(point.name, point.value, "plug-in", summary))
    return entries


def load_system(name: str) -> type[System]:
    """The class behind an id or a dotted path `module:Class`.

    Raises:
        UserError: if the name is unknown, what it requires is not installed, or the module cannot
            be imported.
    """
    entries = system_entries()
    if name in entries:
        entry = entries[name]
        if not entry.available:
            raise UserError(f"System {name!r} needs {', '.join(entry.requires)}: {entry.install}.")
        return _import_class(name, entry.target)
    if ":" in name:
        return _import_class(name, name)
    raise UserError(f"There is no system {name!r}: {suggestion(name, entries)}")


def _import_class(name: str, target: str) -> type[System]:
    module_name, _, class_name = target.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        raise UserError(f"System {name!r}: there is no module {module_name!r} to import.") from (
            error
        )
    except AttributeError as error:
        raise UserError(f"System {name!r}: {module_name} has no class {class_name!r}.") from error
    return cast("type[System]", found)
