"""Ranges that the fields of settings declare, checked wherever settings are made.

`class MyConfig(Settings)` with `dim: Count = 128` refuses 0; `Count | None` allows None as well.
Fields with a `Literal` take one of its values. What depends on several fields belongs to a
`__post_init__` of the class, which calls that of `Settings` first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from benchmark.api.did_you_mean import suggestion
from benchmark.api.types import UserError


@dataclass(frozen=True, slots=True)
class Range:
    """Finite numbers from `low` to `high`, with the ends unless they are open."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        """Whether the range has a number; it never has infinity or what is not a number."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below and math.isfinite(value)

    def __str__(self) -> str:
        """What to use, in words."""
        parts = []
        if math.isfinite(self.low):
            parts.append(f"above {self.low:g}" if self.open_low else f"{self.low:g} or more")
        if math.isfinite(self.high):
            parts.append(f"below {self.high:g}" if self.open_high else f"{self.high:g} at most")
        if len(parts) == 2 and not self.open_low and not self.open_high:
            return f"{self.low:g} to {self.high:g}"
        return ", ".join(parts) or "a finite number"


Count = Annotated[int, Range(1)]
Whole = Annotated[int, Range(0)]
AnyNumber = Annotated[float, Range()]
NotNegative = Annotated[float, Range(0)]
Positive = Annotated[float, Range(0, open_low=True)]
Share = Annotated[float, Range(0, 1)]
PositiveShare = Annotated[float, Range(0, 1, open_low=True)]
ProperShare = Annotated[float, Range(0, 1, open_high=True)]
"""Such as dropout: all of it would leave nothing."""


@dataclass(frozen=True)
class Settings:
    """Base of a dataclass whose fields declare what they take."""

    def __post_init__(self) -> None:
        """Refuse a field that is out of its range.

        Raises:
            UserError: names the field, its value and what to use.
        """
        kind: type = type(self)
        for name, allowed in allowed_values(kind).items():
            value = getattr(self, name)
            for item in value if isinstance(value, list | tuple) else (value,):
                if item is None:
                    continue
                if isinstance(allowed, Range):
                    if not isinstance(item, int | float) or item not in allowed:
                        raise UserError(f"{name} {item}: use {allowed}.")
                elif item not in allowed:
                    raise UserError(f"{name} {item!r}: {suggestion(str(item), map(str, allowed))}")


@functools.cache
def allowed_values(kind: type) -> Mapping[str, Range | tuple[Any, ...]]:
    """By field of a dataclass its range or its choices; fields without are left out."""
    hints = get_type_hints(kind, include_extras=True)
    found = {field.name: next(_declared(hints[field.name]), None) for field in fields(kind)}
    return {name: allowed for name, allowed in found.items() if allowed is not None}


def _declared(annotation: Any) -> Iterator[Range | tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        yield from (part for part in annotation.__metadata__ if isinstance(part, Range))
    if get_origin(annotation) is Literal:
        yield get_args(annotation)
    elif get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from _declared(part)
