"""The record of a search: what each system tried, with the same number of trials for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from benchmark.api import UserError
from benchmark.runtime.yaml_format import write_yaml
from benchmark.store.provenance import code, machine, versions
from benchmark.tuning.search import Search, Tried, best_of

SCHEMA = 1


def make_record(
    searches: Mapping[str, tuple[Search, Sequence[Tried]]],
    *,
    command: Sequence[str],
    budget_share: float,
    device: str,
    unfinished: Sequence[str] = (),
) -> dict[str, Any]:
    """The record of the systems of one task; they have equal numbers of trials.

    Args:
        unfinished: systems whose search has not ended.

    Raises:
        UserError: if one system had more trials than another.
    """
    counts = {name: len(tried) for name, (_, tried) in searches.items()}
    if len({*counts.values()}) != 1:
        raise UserError(f"The numbers of trials differ: {counts}; finish the search.")
    first = next(iter(searches.values()))[0]
    return make_head(first, budget_share) | {
        "command": list(command),
        "code": code(),
        "versions": versions() | {"optuna": metadata.version("optuna")},
        "machine": machine(gpu=device != "cpu"),
        "unfinished": list(unfinished),
        "systems": {
            name: {
                "trials": len(tried),
                "ranges": search.ranges,
                "best": best_of(tried),
                "tried": [of.as_dict() for of in tried],
            }
            for name, (search, tried) in searches.items()
        },
    }


def make_head(search: Search, budget_share: float) -> dict[str, Any]:
    """What all systems of a record have in common."""
    return {
        "schema": SCHEMA,
        "suite": search.suite.name,
        "task": search.task.id,
        "split": "valid",
        "measure": search.measure,
        "beside": search.beside,
        "training_seed": search.suite.seeds[0],
        "sampler_seed": search.seed,
        "trials": search.trials,
        "budget_share": budget_share,
    }


def best_recipes(record: Mapping[str, Any]) -> str:
    """The searched fields of the best recipe of every system, as YAML for the suite."""
    systems: dict[str, dict[str, dict[str, Any]]] = {}
    for name, of in record["systems"].items():
        if of["best"] is None:
            continue
        recipe: dict[str, dict[str, Any]] = systems.setdefault(name, {})
        for field, value in of["tried"][of["best"]]["values"].items():
            part, key = field.split(".", 1)
            recipe.setdefault(part, {})[key] = value
    return write_yaml({"systems": systems})
