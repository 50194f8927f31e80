"""What the metrics of this package have in common, in one place.

A metric declares its facts as class attributes, of which the commonest are given here, and its
options as fields of a frozen dataclass: each field that `options` names takes the text of that
option. Id and signature follow. A metric checks its options in `__post_init__`; one whose options
need parsing, or appear in the signature in another form, overrides `make` or `signature`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import ClassVar, Self, cast

from benchmark.api import UserError
from benchmark.metrics.interface import Conditional, Direction, Level, Option, metric_id, sign

DEVICE = "device"
"""The option that says where a network runs: no part of id and signature."""


class DeclaredMetric:
    """Base of a `Metric`; what remains to be given is its name, its facts and `score`."""

    __slots__ = ()

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    level: ClassVar[Level] = "candidate"
    direction: ClassVar[Direction] = "higher"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    unit: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}
    controlled: ClassVar[bool] = False
    facts: ClassVar[str]
    """The signature after the options: `key:value|...` of all else that decides the numbers."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`."""
        return cast("Callable[..., Self]", cls)(**options)

    @property
    def chosen(self) -> dict[str, str]:
        """The value of every option that decides a number, as a spec would say it."""
        return {key: str(getattr(self, key)) for key in self.options if key != DEVICE}

    @property
    def id(self) -> str:
        """See `Metric.id`."""
        chosen = self.chosen
        return metric_id(self.name, {key: self.options[key] for key in chosen}, chosen)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return f"{sign(self.name, **self.chosen)}|{self.facts}"


def libraries(*names: str) -> str:
    """The part of a signature that gives the versions of libraries."""
    return "|".join(f"{name}:{version(name)}" for name in names)


def number(metric: str, key: str, text: str, *, low: float, high: float) -> float:
    """The number that an option holds.

    Args:
        metric: for the error message.
        key: name of the option.
        text: its value.
        low: smallest number allowed.
        high: largest number allowed.

    Raises:
        UserError: if it is not a number, or not between `low` and `high`.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UserError(
            f"Metric {metric!r}: option {key!r} is {text!r}, not a number from {low:g} to {high:g}."
        )
    return value
