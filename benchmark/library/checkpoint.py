"""Where a trained system is, and what is known about it: a folder, a store, a report, a model hub.

No folder decides which code runs: a system that a folder names is loaded if it is registered here;
the class of any other has to be named by the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.api import System, UserError
from benchmark.api.checkpoint import IDENTITY
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.registry import load_system, name_by_module, system_entries
from benchmark.records.reader import read_records
from benchmark.store.entries import RECORD, Store
from benchmark.store.seal import FILES, DamagedError, check_files, read_sealed
from benchmark.training.model_card import FACTS, OPERATORS, find_licence

HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "README.md")
"""What is taken from a model hub: no code and no pickle."""

_LISTED = 6
"""Trainings that a message names."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Checkpoint:
    """The folder of a trained system, with what else is known about it."""

    folder: Path
    facts: Mapping[str, Any]
    """As in `diffuseq_bench.json`; empty where nothing is known but the system itself."""
    system: str
    """Id or `module:Class`."""
    operators: Path | None = None
    """Those of a guided system."""

    @property
    def system_class(self) -> type[System]:
        """The class that reads the folder."""
        return load_system(self.system)


def find_checkpoint(
    source: str | Path,
    *,
    system: str | None = None,
    store: Path = Path("runs"),
    report: Path | None = None,
    task: str | None = None,
    seed: int | None = None,
) -> Checkpoint:
    """The checkpoint that a name or folder means.

    Args:
        source: id of a system in a store; a folder of a trained system, of an entry of a store
            (`runs/train/KEY`), a store or the report of a run; or `OWNER/NAME` on a model hub.
        system: which one of a store or report; of a folder, the class of one that is not
            registered.
        store: where the entries are, for an id or a report.
        report: take only what this run shows.
        task: that it was trained on, where there are several.
        seed: of its training, where there are several.

    Raises:
        UserError: if there is none, or more than one.
    """
    if not isinstance(source, str | Path) or not str(source).strip():
        raise UserError(
            f"{source!r:.40} names no system: give its id, a folder or OWNER/NAME on a model hub."
        )
    path = Path(source)
    if isinstance(source, str) and _is_system(source) and system in (None, source):
        return _find_in_store(name_by_module(source), store, report, task, seed)
    if (path / "records").is_dir() or (path / "train").is_dir():
        named = name_by_module(system) if system is not None else None
        if (path / "records").is_dir():
            return _find_in_store(named, store, path, task, seed)
        return _find_in_store(named, path, report, task, seed)
    if path.is_dir():
        entry = _find_entry(path)
        if entry is None:
            return _of_folder(path, system)
        if entry.parent.name == "train":
            return _of_entry(Store(entry.parents[1]), entry.name, system)
        return _of_copied_entry(entry, system)
    if isinstance(source, str) and _HUB_ID.fullmatch(source):
        return _of_folder(_download(source), system)
    raise UserError(
        f"{source} is neither a system, a folder nor OWNER/NAME on a model hub:"
        f" {suggestion(str(source), system_entries())}"
    )


def read_facts(folder: Path) -> dict[str, Any]:
    """What a folder says of its system; empty for one of a version up to 0.5.0.

    Raises:
        UserError: if the file is broken.
    """
    file = folder / FACTS
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        facts["setting"]["decoding"], facts["setting"]["kind"]
        if not isinstance(facts.get(FILES, {}), dict):
            raise TypeError(FILES)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{file} cannot be read ({type(error).__name__}): copy the folder again, or remove that"
            " file to decode with the default setting."
        ) from error
    return facts


def _is_system(name: str) -> bool:
    return name in system_entries() or re.fullmatch(r"[\w./-]+:\w+", name) is not None


def _find_in_store(
    system: str | None, root: Path, report: Path | None, task: str | None, seed: int | None
) -> Checkpoint:
    """The only training that fits; None of a system fits any."""
    store = Store(Path(root))
    keys = None if report is None else _keys_of_report(report, system, task, seed)
    found = {
        key: record
        for key, record in _trainings(store, keys)
        if keys is not None
        or (
            system in (None, record["system"], _identity(store.folder("train", key) / "system"))
            and task in (None, record.get("task"))
            and seed in (None, record.get("seed"))
        )
    }
    asked = "".join(
        f", {name} {value}" for name, value in (("task", task), ("seed", seed)) if value is not None
    )
    asked = f"{system or 'system'}{asked}"
    where = f"{root}" if report is None else f"{report} with the store {root}"
    if not found:
        raise UserError(f"There is no trained {asked} in {where}: {_what_else(system, store)}.")
    if len(found) > 1:
        listed = "; ".join(
            sorted(
                f"{of['task']} / {of['system']} / seed {of['seed']} ({root}/train/{key})"
                for key, of in found.items()
            )
        )
        raise UserError(
            f"{where} has {len(found)} that fit ({asked}): name the system, the task, the seed, the"
            f" report or the folder of one with --from (load): {listed}."
        )
    (key,) = found
    return _of_entry(store, key, None)


def _what_else(system: str | None, store: Store) -> str:
    """What to do where a training is not there."""
    if system in system_entries() and not load_system(str(system)).capabilities.trainable:
        return f"{system} trains nothing, ask for another system"
    there = dict.fromkeys(
        f"{of.get('task')} / {of['system']} / seed {of.get('seed')}"
        for _, of in _trainings(store, None)
    )
    some = "; ".join(sorted(there)[:_LISTED]) + ("; and others" if len(there) > _LISTED else "")
    return (
        f"{f'there is {some}; ' if some else ''}run `python -m benchmark.run`, or name another"
        " store with --store (store=)"
    )


def _keys_of_report(
    report: Path, system: str | None, task: str | None, seed: int | None
) -> frozenset[str]:
    """Keys of the trainings of a system that a report shows in its tables."""
    records = read_records(report)
    shown = records.run.systems
    names = {name for name, of in shown.items() if system in (None, name, of.path)}
    if system is not None and not names:
        raise UserError(f"{report} has no {system}: {suggestion(system, shown)}")
    return frozenset(
        of.keys.train
        for of in records.trial_records
        if of.system in names
        and "main" in of.setting.roles
        and of.keys.train is not None
        and task in (None, of.task)
        and seed in (None, of.seed)
    )


def _trainings(store: Store, keys: Collection[str] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of trainings, without comparing the files of all of them."""
    for key in store.keys("train"):
        if keys is None or key in keys:
            with suppress(DamagedError):
                yield key, read_sealed(store.folder("train", key) / RECORD)[0]


def _find_entry(folder: Path) -> Path | None:
    """The entry of a training that a folder is, or is the system of; it knows more than that."""
    if (folder / RECORD).is_file() and (folder / "system").is_dir():
        return folder if folder.parent.name == "train" else folder.resolve()
    entry = folder.resolve().parent
    return entry if folder.resolve().name == "system" and (entry / RECORD).is_file() else None


def _of_copied_entry(entry: Path, system: str | None) -> Checkpoint:
    """A whole entry that was copied out of its store."""
    try:
        _, files = read_sealed(entry / RECORD)
        check_files(entry, files or {})
    except DamagedError as why:
        raise UserError(f"{entry} is damaged ({why}): copy it again.") from why
    return _of_folder(entry / "system", system)


def _of_entry(store: Store, key: str, system: str | None) -> Checkpoint:
    record = store.record("train", key)
    if record is None:
        raise UserError(f"{store.folder('train', key)} is damaged: run its trial again.")
    name, folder = str(record["system"]), store.folder("train", key) / "system"
    if system is not None and system not in (name, _identity(folder)):
        raise UserError(f"{folder} is of the system {name!r} and not of {system!r}.")
    facts = read_facts(folder)
    if not facts:
        planned = find_main_setting(store, key)
        facts = {"setting": planned} if planned else {}
    found = Checkpoint(folder, facts, name)
    if found.system_class.capabilities.control != "guided":
        return found
    return _with_operators(found, store, key)


def find_main_setting(store: Store, key: str) -> dict[str, Any] | None:
    """The setting of the table of a training, from what was generated with it; None if nothing."""
    for name in store.keys("generate"):
        with suppress(DamagedError):
            record, _ = read_sealed(store.folder("generate", name) / RECORD)
            setting = record["setting"]
            if record.get("train") == key and "main" in setting["roles"]:
                return {"kind": setting["kind"], "decoding": setting["decoding"]}
    return None


def _with_operators(found: Checkpoint, store: Store, key: str) -> Checkpoint:
    """The operators that were fitted to most labels: those of the table."""
    fitted: list[tuple[int, str, dict[str, Any]]] = []
    for name in store.keys("operators"):
        with suppress(DamagedError):
            record, _ = read_sealed(store.folder("operators", name) / RECORD)
            if record.get("train") == key:
                fitted.append((int(record["labels"]), name, record))
    if not fitted:
        return found
    labels, name, record = max(fitted, key=lambda of: of[:2])
    if store.record("operators", name) is None:
        raise UserError(f"{store.folder('operators', name)} is damaged: run its trial again.")
    facts = {**found.facts, "operators": {"labels": labels, "recipe": record["recipe"]}}
    return replace(found, facts=facts, operators=store.folder("operators", name) / OPERATORS)


def _of_folder(folder: Path, system: str | None) -> Checkpoint:
    """A folder that was copied from a store, shared, or written by `System.save`."""
    identity = _identity(folder)
    if identity is None and system is None:
        raise UserError(
            f"{folder} does not say which system it is of ({IDENTITY} is missing): name the folder"
            " of a trained system, or its class with --system (system=)."
        )
    name = system or str(identity)
    if system is None and name not in system_entries():
        raise UserError(
            f"{folder} is of the system {name!r}, which is not registered here: install its"
            " package, or name its class with --system module:Class (system=)."
        )
    operators, facts = folder / OPERATORS, read_facts(folder)
    try:
        check_files(folder, facts.get(FILES, {}))
    except DamagedError as why:
        raise UserError(
            f"{folder} is not what was shared ({why}): copy it again, or take `{FILES}` out of"
            f" {FACTS} if you have changed it yourself."
        ) from why
    return Checkpoint(
        folder,
        facts,
        name_by_module(name),
        operators if operators.is_dir() else None,
    )


def _identity(folder: Path) -> str | None:
    """The id in the identity of a folder; None where there is none."""
    try:
        return str(json.loads((folder / IDENTITY).read_text(encoding="utf-8"))["system"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / IDENTITY} cannot be read ({type(error).__name__}): copy the folder again."
        ) from error


def _download(name: str) -> Path:
    """The local copy of what is on a model hub.

    Raises:
        UserError: without a network, or where there is nothing of that name.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=[*HUB_FILES]))
    except LocalEntryNotFoundError as error:
        raise UserError(
            f"{name} is no folder here, no copy of it is here, and the model hub cannot be reached:"
            f" download it elsewhere with `hf download {name} --local-dir FOLDER`, and name that"
            " folder."
        ) from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"{name} is no folder here, and on the model hub there is none of that name that may be"
            " read: check the name, or log in with `hf auth login`."
        ) from error
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise UserError(
            f"{name} is no folder here, and cannot be taken from the model hub"
            f" ({type(error).__name__}: {why}): check the name and the network."
        ) from error


def licence_of_report(report: Path, task: str) -> str:
    """The paragraph on source and licence in the card of a task that a report holds."""
    info = read_records(report).run.tasks.get(task)
    return find_licence(info.card) if info is not None else ""
