"""Dataclasses of systems filled from recipes: known keys, right types, complete values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.invalid_values import first_problem


def fill(
    dataclass_type: type, values: Mapping[str, Any], where: str, *, also: Collection[str] = ()
) -> Any:
    """An instance of `dataclass_type` with `values` over its defaults.

    Args:
        also: further names, besides the fields, to suggest for an unknown one.

    Raises:
        UserError: for an unknown key or a value of the wrong type; the message gives `where`, the
            dotted path.
    """
    known = [field.name for field in fields(dataclass_type)]
    kinds = get_type_hints(dataclass_type)
    for name, value in values.items():
        if name not in known:
            raise UserError(f"Unknown key '{where}.{name}': {suggestion(name, (*known, *also))}")
        try:
            refuse_truth_value(value, kinds[name])
        except PydanticCustomError as error:
            raise UserError(f"{where}.{name}: {error.message()} (got {value!r}).") from error
    try:
        return TypeAdapter(dataclass_type).validate_python(dict(values))
    except ValidationError as error:
        raise UserError(f"{first_problem(error, where)}.") from error


def refuse_truth_value(value: object, kind: Any) -> None:
    """Reject `true` and `false` for a number: Python counts them as 1 and 0.

    Args:
        kind: the annotation of the field.

    Raises:
        PydanticCustomError: if the field is a number and the value, or an item of it, is a truth
            value.
    """
    items: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    if isinstance(value, Mapping):
        items = value.values()
    if any(isinstance(item, bool) for item in items):
        kinds = set(_kinds(kind))
        if kinds & {int, float} and not kinds & {bool, Any}:
            raise PydanticCustomError("truth_value", "Input should be a number")


def _kinds(kind: Any) -> Iterator[Any]:
    """The types that make up an annotation."""
    inner = get_args(kind)
    if not inner:
        yield kind
    for argument in inner:
        yield from _kinds(argument)
