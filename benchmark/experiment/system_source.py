"""The source of a user's system: a digest of the code that its numbers come from.

The source of a plug-in is in no key, for a comment would train for hours again. It is in the
records of what it made, so that a run, a report and a verification say where it has changed.

What counts are the `.py` and `.yaml` files of the distribution that is installed, of the package,
or of the folder in which its file lies. Data do not count, nor tests, suites (what they decide is
in the keys), hidden folders, environments, and the stores and folders of this package.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from benchmark.api import System
from benchmark.experiment.registry import system_entries

MOST_FILES = 1000
MOST_BYTES = 2**25
MOST_FOLDERS = 5000
"""A folder with more is read no deeper than its own files, and if they are too many, the module."""

_OURS = ("benchmark", "diffuseq", "baselines")
_HOME = Path(__file__).parents[2]
_INSTALLED = ("site-packages", "dist-packages")
_SKIPPED = ("__pycache__", "node_modules", *_INSTALLED)
_SUITE = re.compile(r"^(tasks|systems|training|budget|evaluation):", re.MULTILINE)
"""Two of these at the left margin make a YAML file a suite."""

Kind = Literal["distribution", "package", "folder"]


@dataclass(frozen=True, slots=True)
class SystemSource:
    """The source of a system at the time of a run."""

    kind: Kind
    name: str
    """Of the distribution, package or module."""
    version: str | None
    """Of the distribution."""
    files: int
    digest: str
    """Sixteen hexadecimal digits over names and contents."""

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return asdict(self)

    def made(self, record: Mapping[str, Any]) -> bool:
        """Whether it is what made an entry; also where the entry, of an older version, is silent.

        Args:
            record: of the entry.
        """
        return source_digest(record) in (None, self.digest)


def source_digest(record: Mapping[str, Any]) -> str | None:
    """The digest of the source that made an entry; None where its record does not say."""
    source = record.get("source")
    return source.get("digest") if isinstance(source, dict) else None


def find_source(system: str, system_class: type[System]) -> SystemSource | None:
    """The source of a plug-in; None for the systems of this package.

    Args:
        system: id, or dotted path of a user's system.
        system_class: its class, which is imported.
    """
    if ":" in system:
        target = system.partition(":")[0]
    elif _is_ours(sys.modules[system_class.__module__]):
        return None
    else:
        entry = system_entries().get(system)
        target = entry.target.partition(":")[0] if entry else system_class.__module__
    names = dict.fromkeys((target, *(of.__module__ for of in system_class.__mro__)))
    modules = [sys.modules[name] for name in names if name in sys.modules]
    own = [module for module in modules if _file(module) and not _is_ours(module)]
    # What a base class of another distribution does is a matter of versions.
    own = [module for module in own if module is own[0] or not _is_installed(module)]
    own = [of for of in own if of.__name__.partition(".")[0] not in sys.stdlib_module_names]
    if not own:
        return None
    sha, count = hashlib.sha256(), 0
    for path, name in sorted(_gather(own).items(), key=lambda item: item[1]):
        line = f"{name} {hashlib.sha256(_read(path)).hexdigest()}\n"
        sha.update(line.encode(errors="surrogateescape"))
        count += 1
    kind, name, version = _describe(own[0])
    return SystemSource(kind, name, version, count, sha.hexdigest()[:16])


def _gather(modules: Iterable[ModuleType]) -> dict[Path, str]:
    """The files behind modules, with the names that count."""
    found: dict[Path, str] = {}
    for module in modules:
        distribution = _distribution(module)
        if distribution is not None:
            for file in distribution.files or ():
                path = Path(str(distribution.locate_file(file)))
                if file.suffix in (".py", ".yaml", ".yml") and path.is_file():
                    found[path.resolve()] = file.as_posix()
            continue
        root = _package(module) or _folder(module)
        for path in _list_files(root, _file(module)):
            found.setdefault(path, path.relative_to(root).as_posix())
    return found


def _list_files(root: Path, own: Path | None) -> list[Path]:
    """The files below a folder; of one that holds too much those in it, or the module alone."""
    for depth in ("all", "top"):
        found: list[Path] = []
        total = 0
        for folders, (place, names, files) in enumerate(os.walk(root), start=1):
            names[:] = [] if depth == "top" else sorted(_descend(Path(place), names))
            for path in (Path(place) / name for name in sorted(files)):
                if _counts(path):
                    found.append(path)
                    total += path.stat().st_size
            if len(found) > MOST_FILES or total > MOST_BYTES or folders > MOST_FOLDERS:
                break
        else:
            return found
    return [own] if own is not None else []


def _descend(place: Path, names: list[str]) -> Iterable[str]:
    """The folders in `place` that may hold what a system is made of."""
    ours = {_HOME / name for name in _OURS}
    for name in names:
        below = place / name
        is_environment = (below / "pyvenv.cfg").exists()
        is_store = all((below / kind).is_dir() for kind in ("generate", "score"))
        is_hidden = name.startswith(".") or name in _SKIPPED
        if not (is_hidden or is_environment or is_store or below in ours):
            yield name


def _counts(path: Path) -> bool:
    name = path.name
    if not path.is_file() or name == "conftest.py" or name.startswith(("test_", ".")):
        return False
    if path.suffix == ".py":
        return not path.stem.endswith("_test")
    if path.suffix not in (".yaml", ".yml") or path.stat().st_size > MOST_BYTES:
        return False
    text = _read(path).decode("utf-8", errors="replace")
    return len({*_SUITE.findall(text)}) < 2


def _read(path: Path) -> bytes:
    """The content of a file; empty for one that may not be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _describe(module: ModuleType) -> tuple[Kind, str, str | None]:
    distribution = _distribution(module)
    if distribution is not None:
        return "distribution", distribution.name, distribution.version
    top = module.__name__.partition(".")[0]
    return ("package" if _package(module) else "folder"), top, None


def _distribution(module: ModuleType) -> metadata.Distribution | None:
    """The distribution that an installed module is of; None for one that lies elsewhere."""
    if not _is_installed(module):
        return None
    names = _distributions().get(module.__name__.partition(".")[0], ())
    return metadata.distribution(names[0]) if names else None


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _package(module: ModuleType) -> Path | None:
    """The folder of the package that a module is in, the outermost one; None if it is in none."""
    top = sys.modules.get(module.__name__.partition(".")[0])
    places = list(getattr(top, "__path__", ()))
    return Path(places[0]).resolve() if places else None


def _folder(module: ModuleType) -> Path:
    file = _file(module)
    assert file is not None
    return file.parent


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _is_ours(module: ModuleType) -> bool:
    file = _file(module)
    return file is not None and any(file.is_relative_to(_HOME / name) for name in _OURS)


def _is_installed(module: ModuleType) -> bool:
    file = _file(module)
    return file is not None and any(part in _INSTALLED for part in file.parts)
