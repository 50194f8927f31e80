"""What a measurement says: sentences per second of two sides, and what they had in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmark.timing.measured_curves import format_values


@dataclass(frozen=True)
class Side:
    """One of the two that were compared.

    `seconds`, of the processor, holds one figure per repeat for `sentences` texts, pairs or
    updates; `calls` are network calls for all of them and `positions` those of a row that pass
    through the network in all its calls.
    """

    name: str
    sentences: int
    seconds: tuple[float, ...]
    calls: float
    positions: float
    parameters: int
    peak_bytes: int | None = None
    """Memory that a run takes beside what was held before it; None is not measured."""
    found: Mapping[str, float] = field(default_factory=dict)
    """Results, such as a score, by name; `NAME ±` is half the width of its 95 % interval."""
    output: Any = None
    """What the last run returned; not recorded."""

    @property
    def rate(self) -> float:
        """Sentences per second, by the median of the repeats."""
        return self.sentences / median(self.seconds)

    def as_dict(self, unit: str) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            f"{unit}_per_second": round(self.rate, 2),
            "slowest": round(self.sentences / max(self.seconds), 2),
            "fastest": round(self.sentences / min(self.seconds), 2),
            "seconds": [round(s, 6) for s in self.seconds],
            "network_calls": self.calls,
            "positions_per_sentence": round(self.positions, 2),
            "parameters": self.parameters,
            **({} if self.peak_bytes is None else {"peak_bytes": self.peak_bytes}),
            **({} if not self.found else {"found": dict(self.found)}),
        }


@dataclass(frozen=True)
class Result:
    """A measurement; `conditions` hold for both sides."""

    name: str
    ours: Side
    theirs: Side
    conditions: str
    unit: str = "sentences"
    """What is counted: sentences that are written, pairs that are learnt from, or updates."""

    @property
    def ratio(self) -> float:
        """Our sentences per second over theirs, by the medians."""
        return self.ours.rate / self.theirs.rate

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: {self.conditions}"
        for side in (self.ours, self.theirs):
            slowest, fastest = (side.sentences / f(side.seconds) for f in (max, min))
            network = (
                f"; {side.calls:g} calls, {side.positions:.1f} positions each,"
                f" {side.parameters:,} parameters"
            )
            yield (
                f"  {side.name:<24} {side.rate:8.1f} {self.unit}/s"
                f"  ({slowest:.1f} to {fastest:.1f} in {len(side.seconds)} repeats"
                f"{network if side.calls else ''})"
            )
            more = [format_values(side.found)] if side.found else []
            if side.peak_bytes is not None:
                more.append(f"peak memory {side.peak_bytes / 2**20:.0f} MiB")
            if more:
                yield f"  {'':<24} {', '.join(more)}"
        yield f"  {self.ours.name} / {self.theirs.name}: {self.ratio:.2f}"

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            "conditions": self.conditions,
            "unit": self.unit,
            "ours": self.ours.as_dict(self.unit),
            "theirs": self.theirs.as_dict(self.unit),
            "ratio": round(self.ratio, 3),
        }


@dataclass(frozen=True)
class Skipped:
    """A measurement that could not be taken here."""

    name: str
    reason: str

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: skipped. {self.reason}"

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return {"name": self.name, "skipped": self.reason}
