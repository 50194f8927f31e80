"""Curves of a measurement: results of several sides at each of several points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class MeasuredPoint:
    """One point of a curve."""

    x: float
    values: Mapping[str, float]
    """By name; `NAME ±` is the half-width of the 95 % interval of `NAME`."""
    beside: Mapping[str, float] = field(default_factory=dict)
    """The same names beside the reference: differences or ratios, as the conditions say."""

    def as_dict(self, over: str) -> dict[str, Any]:
        """For a record."""
        made: dict[str, Any] = {over: self.x, **self.values}
        return made | ({"beside_reference": dict(self.beside)} if self.beside else {})


@dataclass(frozen=True)
class MeasuredCurve:
    """Points of one side, in order."""

    name: str
    points: tuple[MeasuredPoint, ...]


@dataclass(frozen=True)
class Curves:
    """A measurement that is more than two figures."""

    name: str
    conditions: str
    over: str
    """What the x values are."""
    curves: tuple[MeasuredCurve, ...]
    found: Mapping[str, Any] = field(default_factory=dict)
    """What was found beside the curves, such as a verdict and the band it holds for."""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: {self.conditions}"
        for curve in self.curves:
            yield f"  {curve.name}"
            for point in curve.points:
                beside = f"; beside the reference: {_told(point.beside)}" if point.beside else ""
                yield f"    {point.x:g} {self.over}: {_told(point.values)}{beside}"
        for name, value in self.found.items():
            if isinstance(value, Mapping):
                yield f"  {name.replace('_', ' ')}"
                for key, inner in value.items():
                    told = _told(inner) if isinstance(inner, Mapping) else f"{inner}"
                    yield f"    {key}: {told}"
            else:
                yield f"  {name.replace('_', ' ')}: {value}"

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            "conditions": self.conditions,
            "over": self.over,
            "curves": [
                {"name": c.name, "points": [point.as_dict(self.over) for point in c.points]}
                for c in self.curves
            ],
            "found": {k: dict(v) if isinstance(v, Mapping) else v for k, v in self.found.items()},
        }


def _told(values: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" + (f" ± {values[f'{name} ±']:.2g}" if f"{name} ±" in values else "")
        for name, value in values.items()
        if not name.endswith(" ±")
    )
