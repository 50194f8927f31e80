"""Changes to a suite by `--set key=value`; `load_suite` documents the short forms."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import yaml

from benchmark.api import UserError
from benchmark.api.did_you_mean import nearest, suggestion
from benchmark.experiment.registry import system_entries
from benchmark.runtime.column_keys import COLUMN_KEYS
from benchmark.runtime.yaml_format import read_yaml

BROADCAST_TO_TASKS = ("lengths", "limits", "tokenizer", "tokens", *COLUMN_KEYS)
BROADCAST_TO_SYSTEMS = ("training", "budget")


def parse(change: str, option: str) -> tuple[str, Any]:
    """Split `key=value` of an option into key and value; an empty value is null.

    Raises:
        UserError: if it is not of that form, or its value is not YAML.
    """
    key, equals, text = change.partition("=")
    if not equals or not key:
        raise UserError(f"{option} {change!r} is not of the form key=value.")
    try:
        return key, read_yaml(text) if text else None
    except yaml.YAMLError as error:
        raise UserError(f"{option} {key}: the value {text!r} is not valid YAML.") from error


def name_columns(columns: Sequence[str | None]) -> list[str]:
    """The changes that name columns of source, target and references; None = not named."""
    # In quotes: `no`, Norwegian, is false in YAML.
    named = zip(COLUMN_KEYS, columns, strict=True)
    return [f"{key}={json.dumps(of)}" for key, of in named if of is not None]


def apply(
    values: dict[str, Any],
    override: str,
    *,
    suite_keys: Collection[str],
    recipe_keys: Collection[str],
) -> None:
    """Change `values`, the mapping of a suite's file, by one `key=value`.

    Args:
        suite_keys: keys at the top of the file.
        recipe_keys: keys of a system's recipe; `SYSTEM.key` with any other is one of its config.

    Raises:
        UserError: if it is not of that form, its value is not YAML, its path passes through a plain
            value, or it begins with neither a key of the suite nor a system.
    """
    key, value = parse(override, "--set")
    head, *rest = _path(key)
    systems, tasks = values.get("systems") or {}, values.get("tasks") or {}
    known = {*systems, *system_entries()}
    starts = {*known, *suite_keys, *BROADCAST_TO_TASKS}
    if head not in starts and ":" not in head:
        raise UserError(f"--set {key}: unknown key {head!r}: {suggestion(head, starts)}")
    name = rest[0] if head == "systems" and rest else ":"
    # An unknown system may be a user's own; one that is close to a known name is misspelt.
    if name not in known and ":" not in name and nearest(name, known):
        raise UserError(f"--set {key}: unknown key {name!r}: {suggestion(name, known)}")
    if head in known or ":" in head:
        inside = rest and rest[0] in recipe_keys
        _put(values, ["systems", head, *([] if inside else ["config"]), *rest], value, key)
    elif head in BROADCAST_TO_TASKS:
        for task in tasks:
            _put(values, ["tasks", task, head, *rest], value, key)
        if values.get("other_tasks"):
            _put(values, ["other_tasks", head, *rest], value, key)
    else:
        _put(values, [head, *rest], value, key)
        if head in BROADCAST_TO_SYSTEMS:
            for recipe in (*systems.values(), *tasks.values()):
                _drop((recipe or {}).get(head) or {}, rest)


def _path(key: str) -> list[str]:
    """The parts of a dotted key; dots in a leading `package.module:Class` do not split it."""
    if key.startswith("systems."):
        return ["systems", *_path(key.removeprefix("systems."))]
    module, colon, rest = key.partition(":")
    if not colon:
        return key.split(".")
    class_name, *inner = rest.split(".")
    return [f"{module}:{class_name}", *inner]


def _put(values: dict[str, Any], path: list[str], value: object, key: str) -> None:
    for name in path[:-1]:
        if values.get(name) is None:
            values[name] = {}
        values = values[name]
        if not isinstance(values, dict):
            raise UserError(f"--set {key}: {name!r} is a value and has no keys.")
    values[path[-1]] = value


def _drop(values: dict[str, Any], path: list[str]) -> None:
    if len(path) == 1:
        values.pop(path[0], None)
