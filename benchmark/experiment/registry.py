"""From an id to a system; a system is imported only when it is used.

Third-party systems are found by the entry point group `diffuseq_bench.systems` (name = id, value =
`module:Class`), or, in the working directory, by their dotted path: `--system my_file:MySystem`.
`--system path/to/my_file.py:MySystem` is the same for a file in another folder.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import cast

from benchmark.api import Capabilities, System, UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.configuration import fill
from benchmark.runtime.yaml_format import read_yaml

ENTRY_POINT_GROUP = "diffuseq_bench.systems"

_PARTS = ("Config", "Decoding", "capabilities", "version", "family", "build", "generate")
"""What every class of a system has."""

_IMPORTLIB = Path(importlib.__file__)


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


@lru_cache(maxsize=4)
def _plug_ins(_path: tuple[str, ...]) -> tuple[metadata.EntryPoint, ...]:
    """The entry points of installed packages: looking for them takes longer than all else here."""
    return tuple(metadata.entry_points(group=ENTRY_POINT_GROUP))


def system_entries() -> dict[str, SystemEntry]:
    """All known systems by id: ours first, then those of installed packages."""
    entries = {entry.id: entry for entry in _built_in()}
    for point in _plug_ins(tuple(sys.path)):
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


def row_names(systems: Mapping[str, type[System]]) -> dict[str, str]:
    """What records and reports call systems: one that is named by its path has the id of its class.

    It keeps its path where that id is of another system, here or among `systems`.
    """
    entries = system_entries()
    ids = {name: str(getattr(system, "id", name)) for name, system in systems.items()}
    taken = Counter(ids.values())
    rows = {}
    for system, own in ids.items():
        entry = entries.get(own)
        is_other = entry is not None and entry.target != system
        is_fit = own.strip() == own and own.isprintable() and own and not {*own} & {*"/\\:"}
        is_path = system not in entries
        rows[system] = own if is_path and is_fit and not is_other and taken[own] == 1 else system
    return rows


def name_by_module(name: str) -> str:
    """The dotted path of a system that is named by its file; any other name as it is.

    The folder of the file is put on the path that modules are imported from.

    Raises:
        UserError: if there is no such file, or another module has its name.
    """
    file, colon, class_name = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        return name
    path = Path(file).resolve()
    if not path.is_file():
        raise UserError(f"System {name!r}: there is no file {file}.")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        spec = importlib.util.find_spec(path.stem)
    except ValueError:
        spec = None
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != path:
        raise UserError(
            f"System {name!r}: {path.stem!r} is the name of another module here, or of none: rename"
            " the file."
        )
    return f"{path.stem}:{class_name}"


def _import_class(name: str, target: str) -> type[System]:
    module_name, _, class_name = target.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.startswith(error.name):
            why = f"there is no module {module_name!r} to import"
        else:
            why = f"{_locate(error)} needs the module {error.name!r}, which is not installed"
        raise UserError(f"System {name!r}: {why}.") from error
    except (Exception, SystemExit) as error:  # whatever a file of somebody else does
        text = " ".join(str(error).split())[:300]
        raise UserError(
            f"System {name!r}: {_locate(error)} raised {type(error).__name__}"
            f"{f' ({text})' if text else ''} when it was imported."
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        raise UserError(f"System {name!r}: {module_name} has no class {class_name!r}.")
    where = f"System {name!r}: {class_name} in {module.__file__}"
    if not isinstance(found, type):
        raise UserError(f"{where} is {found!r:.80} and no class.")
    if missing := [part for part in _PARTS if not hasattr(found, part)]:
        raise UserError(
            f"{where} is no system, since it lacks {', '.join(missing)}: see docs/add-a-system.md."
        )
    for part, what in _find_unfit(found):
        shown = f"{getattr(found, part)!r:.80}"
        raise UserError(f"{where} has {part} = {shown}, which is no {what}: make it one.")
    return cast("type[System]", found)


def _find_unfit(system: type) -> Iterator[tuple[str, str]]:
    """The parts of a class that are not what those of a system are, with what they should be."""
    for part in ("Config", "Decoding", "OperatorConfig"):
        kind = getattr(system, part, None)
        if kind is not None and not (isinstance(kind, type) and is_dataclass(kind)):
            yield part, "dataclass"
    if not isinstance(getattr(system, "capabilities", None), Capabilities):
        yield "capabilities", "api.Capabilities"
    if not isinstance(getattr(system, "family", None), str):
        yield "family", "string"
    version = getattr(system, "version", None)
    if not isinstance(version, int) or isinstance(version, bool):
        yield "version", "whole number"


def _locate(error: BaseException) -> str:
    """The file and line where something went wrong while a module was imported."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno},"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
    ]
    # The first frames are those of this file and of the import system.
    own = [f for f in frames if Path(f.filename) not in {Path(__file__), _IMPORTLIB}]
    return f"{own[0].filename}, line {own[0].lineno}," if own else "its module"
