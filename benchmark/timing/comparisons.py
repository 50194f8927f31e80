"""The comparisons of speed by name, without importing any until it is measured."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion

if TYPE_CHECKING:
    from benchmark.timing.measured_curves import Curves
    from benchmark.timing.speed_result import Result, Skipped


@dataclass(frozen=True, slots=True)
class SpeedComparison:
    """Measurements that belong together."""

    summary: str
    module: str
    """It has a function `measure(name, *, repeats)`."""
    measurements: Sequence[str]

    def load(self) -> Callable[..., Result | Skipped | Curves]:
        """The function, which runs every side `repeats` times after a warm-up."""
        measure: Callable[..., Result | Skipped | Curves]
        measure = importlib.import_module(self.module).measure
        return measure


def _read_comparisons() -> dict[str, SpeedComparison]:
    text = (files("benchmark") / "timing" / "comparisons.yaml").read_text("utf-8")
    return {name: SpeedComparison(**fields) for name, fields in yaml.safe_load(text).items()}


COMPARISONS: Mapping[str, SpeedComparison] = _read_comparisons()


def choose(names: Sequence[str], only: Iterable[str]) -> list[tuple[SpeedComparison, str]]:
    """The measurements of the named comparisons (none named: of all), less those not in `only`.

    Raises:
        UserError: for an unknown name.
    """
    for name in names:
        if name not in COMPARISONS:
            raise UserError(f"There is no comparison {name!r}: {suggestion(name, COMPARISONS)}")
    chosen = [
        (COMPARISONS[name], measurement)
        for name in dict.fromkeys(names or COMPARISONS)
        for measurement in COMPARISONS[name].measurements
    ]
    wanted = set(only)
    known = [measurement for _, measurement in chosen]
    for name in sorted(wanted.difference(known)):
        raise UserError(f"--only {name}: there is no such measurement: {suggestion(name, known)}")
    return [pair for pair in chosen if not wanted or pair[1] in wanted]
