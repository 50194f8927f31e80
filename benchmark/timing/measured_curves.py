"""Curves of a measurement: results of several sides at each of several points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BESIDE = "beside_reference"


@dataclass(frozen=True)
class Curves:
    """A measurement that is more than two figures."""

    name: str
    conditions: str
    over: str
    """What the x values are."""
    curves: Mapping[str, Sequence[Mapping[str, Any]]]
    """By side, points in order: x under the name `over`, and values, of which `NAME ±` is the
    half-width of the 95 % interval of `NAME`. `BESIDE` may hold the same names beside the
    reference: differences or ratios, as the conditions say."""
    found: Mapping[str, Any] = field(default_factory=dict)
    """What was found beside the curves, such as a verdict and the band it holds for."""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: {self.conditions}"
        for side, points in self.curves.items():
            yield f"  {side}"
            for point in points:
                values = {n: v for n, v in point.items() if n not in (self.over, BESIDE)}
                beside = format_values(point.get(BESIDE, {}))
                more = f"; beside the reference: {beside}" if beside else ""
                yield f"    {point[self.over]:g} {self.over}: {format_values(values)}{more}"
        for name, value in self.found.items():
            title = name.replace("_", " ")
            if not isinstance(value, Mapping):
                yield f"  {title}: {value}"
                continue
            yield f"  {title}"
            for key, inner in value.items():
                yield f"    {key}: {format_values(inner) if isinstance(inner, Mapping) else inner}"

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        curves = [{"name": side, "points": points} for side, points in self.curves.items()]
        return asdict(self) | {"curves": curves}


def estimate_means(values: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Means of independent values by name, with half-widths of normal 95 % intervals."""
    found = {}
    for name, of_name in values.items():
        found[name] = float(of_name.mean())
        if len(of_name) > 1:
            found[f"{name} ±"] = float(1.96 * of_name.std(ddof=1) / len(of_name) ** 0.5)
    return found


def format_values(values: Mapping[str, float]) -> str:
    """Values by name with their half-widths, for people."""
    return ", ".join(
        f"{name} {value:.4g}" + (f" ± {values[f'{name} ±']:.2g}" if f"{name} ±" in values else "")
        for name, value in values.items()
        if not name.endswith(" ±")
    )
