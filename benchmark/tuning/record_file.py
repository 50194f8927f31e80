"""The file of a search: systems are added to it, and no other search or file is ever replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from benchmark.api import UserError
from benchmark.store.files import write_json
from benchmark.store.lease_wait import wait_for_lease
from benchmark.tuning.record import make_head
from benchmark.tuning.search import Search

OF_SEARCH = ("schema", "suite", "task", "measure", "training_seed", "sampler_seed", "budget_share")
"""What all systems of a record have in common, beside the number of trials."""


class _Tried(BaseModel):
    train: str | None = None


class _OfSystem(BaseModel):
    ranges: dict[str, Any]
    tried: Annotated[list[_Tried], Field(min_length=1)]


class _Whole(BaseModel):
    """What is read of a record; the rest of it is kept as it is."""

    trials: Annotated[int, Field(strict=True)]
    systems: dict[str, _OfSystem]
    unfinished: list[str] = []


def check_record(file: Path, searches: Sequence[Search], budget_share: float) -> None:
    """Refuse a file that is no record, or one of another search, before anything is trained.

    Raises:
        UserError: says how it differs.
    """
    systems = {
        search.system: {
            "ranges": search.ranges,
            "tried": [{"train": search.trial(search.usual).train_key}],
        }
        for search in searches
    }
    _merge(
        file,
        _read(file),
        make_head(searches[0], budget_share) | {"systems": systems, "unfinished": []},
    )


def add_to_record(file: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write a record, with the systems that the file has from other calls of the same search.

    Returns:
        What the file holds now.

    Raises:
        UserError: if the file has become another one meanwhile.
    """
    lease = wait_for_lease(file.with_name(f".{file.name}.lease"), f"the record {file}")
    try:
        whole = _merge(file, _read(file), record)
        write_json(file, whole)
    finally:
        lease.release()
    return whole


def _read(file: Path) -> dict[str, Any] | None:
    """The record of a file; None if there is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        _Whole.model_validate(found)
        return dict(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        pass
    raise UserError(
        f"{file} is no record of benchmark.tune and is not replaced: name another file with"
        " --record."
    )


def _merge(file: Path, old: dict[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """The new record with those systems of the old one that it has not.

    More trials of all its systems replace a record, system by system; fewer, or more of some, do
    not.
    """
    if old is None:
        return dict(new)
    kept = {name: of for name, of in old["systems"].items() if name not in new["systems"]}
    if new["trials"] > old["trials"]:
        kept = {name: of for name, of in kept.items() if name not in new["unfinished"]}
    for key in OF_SEARCH:
        if old.get(key) != new[key]:
            raise _differs(file, key, old.get(key), new[key])
    if new["trials"] < old["trials"] or (kept and new["trials"] != old["trials"]):
        raise _differs(file, "trials", old["trials"], new["trials"])
    for name, of in new["systems"].items():
        before = old["systems"].get(name, of)
        if before["ranges"] != of["ranges"]:
            raise _differs(file, f"ranges of {name}", before["ranges"], of["ranges"])
        if before["tried"][0].get("train") != of["tried"][0]["train"]:
            raise UserError(
                f"{file} is the record of another recipe, code or data of {name}: name another file"
                " with --record."
            )
    to_come = [*new["unfinished"], *old.get("unfinished", ())]
    systems = kept | dict(new["systems"])
    unfinished = [name for name in dict.fromkeys(to_come) if name not in systems]
    return dict(new) | {"unfinished": unfinished, "systems": systems}


def _differs(file: Path, what: str, before: object, now: object) -> UserError:
    return UserError(
        f"{file} is the record of another search ({what}: {before!r}, here {now!r}): name another"
        " file with --record."
    )
