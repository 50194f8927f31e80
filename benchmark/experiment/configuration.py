"""Recipes and the dataclasses of systems, filled strictly: known keys, right types."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.invalid_values import first_problem

T = TypeVar("T")


def fill(kind: type[T], values: Mapping[str, Any], where: str, *, also: Collection[str] = ()) -> T:
    """An instance of a dataclass or a pydantic model with `values` over its defaults.

    Args:
        where: dotted path of the values, for the message; empty at the top.
        also: further names, besides the fields, to suggest for an unknown one.

    Raises:
        UserError: for an unknown key or a value of the wrong type, here or further down.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{where or 'A recipe'} holds no keys: it must be a mapping.")
    _check(values, kind, where, also)
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise UserError(f"{first_problem(error, where)}.") from error
    except UserError as error:
        # What a dataclass says of its own fields.
        raise UserError(f"{where}: {error}" if where else str(error)) from error


def _check(value: object, kind: Any, path: str, also: Collection[str] = ()) -> None:
    """Refuse what pydantic accepts: unknown keys, `true` for a number, and numbers without end.

    Args:
        kind: the annotation of the value.
    """
    if isinstance(value, Mapping):
        known = _fields(kind)
        of_any_key = get_args(kind)[1] if get_origin(kind) is dict else Any
        for key, inner in value.items():
            name = f"{path}.{key}" if path else str(key)
            if known is not None and key not in known:
                raise UserError(f"Unknown key {name!r}: {suggestion(str(key), (*known, *also))}")
            _check(inner, known[key] if known is not None else of_any_key, name)
        return
    items = value if isinstance(value, list | tuple) else (value,)
    if any(isinstance(item, float) and not math.isfinite(item) for item in items):
        raise UserError(f"{path}: Input should be a finite number (got {value!r}).")
    types = set(_types(kind))
    is_number = types & {int, float} and not types & {bool, Any}
    if is_number and any(isinstance(item, bool) for item in items):
        raise UserError(f"{path}: Input should be a number (got {value!r}).")


def _fields(kind: Any) -> dict[str, Any] | None:
    """Names and annotations of the fields that a mapping fills; None if it may have any key."""
    if get_origin(kind) is dict:
        return None
    for part in _types(kind):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return {name: field.annotation for name, field in part.model_fields.items()}
        if isinstance(part, type) and is_dataclass(part):
            hints = get_type_hints(part)
            return {field.name: hints[field.name] for field in fields(part)}
    return None


def _types(kind: Any) -> Iterator[Any]:
    """The types that make up an annotation."""
    inner = get_args(kind)
    if not inner:
        yield kind
    for argument in inner:
        yield from _types(argument)
