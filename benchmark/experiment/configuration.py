"""Dataclasses of systems filled from recipes: known keys, right types, complete values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion


def fill(dataclass_type: type, values: Mapping[str, Any], where: str) -> Any:
    """An instance of `dataclass_type` with `values` over its defaults.

    Raises:
        UserError: for an unknown key or a value of another type; `where` is the dotted path
            that the sentence names.
    """
    known = [field.name for field in fields(dataclass_type)]
    for name in values:
        if name not in known:
            raise UserError(f"Unknown key '{where}.{name}': {suggestion(name, known)}")
    try:
        return TypeAdapter(dataclass_type).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join((where, *(str(part) for part in first["loc"])))
        raise UserError(f"{path}: {first['msg']} (got {first.get('input')!r}).") from error
