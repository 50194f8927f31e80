"""Every number that configures a system declares its range, and is held to it."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

from benchmark.api import Range, UserError
from benchmark.api.ranges import allowed_values
from benchmark.experiment.registry import load_system, system_entries


def settings_classes() -> list[type]:
    found: dict[type, None] = {}
    for name, entry in system_entries().items():
        if not entry.available:
            continue
        system: Any = load_system(name)
        kinds = (system.Config, system.Decoding, getattr(system, "OperatorConfig", None))
        found |= dict.fromkeys(kind for kind in kinds if kind is not None)
    return list(found)


def numbers(kind: type) -> list[str]:
    hints = get_type_hints(kind)
    return [
        field.name
        for field in fields(kind)
        if {int, float} & {hints[field.name], *get_args(hints[field.name])}
    ]


@pytest.mark.parametrize("kind", settings_classes(), ids=lambda kind: kind.__qualname__)
def test_every_number_has_a_range_and_is_held_to_it(kind: type) -> None:
    allowed = allowed_values(kind)
    assert set(numbers(kind)) <= set(allowed)
    for name in numbers(kind):
        range_ = allowed[name]
        assert isinstance(range_, Range)
        outside = [math.nan, math.inf]
        if math.isfinite(range_.low):
            outside.append(range_.low if range_.open_low else range_.low - 1)
        if math.isfinite(range_.high):
            outside.append(range_.high if range_.open_high else range_.high + 1)
        for value in outside:
            with pytest.raises(UserError, match=f"^{name} "):
                kind(**{name: value})
