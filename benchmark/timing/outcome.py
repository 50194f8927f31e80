"""What a measurement says: sentences per second of two sides, and what they had in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Side:
    """One of the two that were compared.

    `seconds` holds one figure a repeat; `calls` are network calls for the batch and `positions`
    the positions of a row that pass through the network in all its calls together.
    """

    name: str
    sentences: int
    seconds: tuple[float, ...]
    calls: float
    positions: float
    parameters: int

    @property
    def rate(self) -> float:
        """Sentences per second, by the median of the repeats."""
        return self.sentences / median(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            "sentences_per_second": round(self.rate, 2),
            "slowest": round(self.sentences / max(self.seconds), 2),
            "fastest": round(self.sentences / min(self.seconds), 2),
            "seconds": [round(s, 6) for s in self.seconds],
            "network_calls": self.calls,
            "positions_per_sentence": round(self.positions, 2),
            "parameters": self.parameters,
        }


@dataclass(frozen=True)
class Result:
    """A measurement; `conditions` hold for both sides."""

    name: str
    ours: Side
    theirs: Side
    conditions: str

    @property
    def ratio(self) -> float:
        """How many times as many sentences per second ours writes, by the medians."""
        return self.ours.rate / self.theirs.rate

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: {self.conditions}"
        for side in (self.ours, self.theirs):
            slowest, fastest = (side.sentences / f(side.seconds) for f in (max, min))
            yield (
                f"  {side.name:<24} {side.rate:8.1f} sentences/s"
                f"  ({slowest:.1f} to {fastest:.1f} in {len(side.seconds)} repeats;"
                f" {side.calls:g} calls, {side.positions:.1f} positions a sentence,"
                f" {side.parameters:,} parameters)"
            )
        yield f"  {self.ours.name} / {self.theirs.name}: {self.ratio:.2f}"

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            "conditions": self.conditions,
            "ours": self.ours.as_dict(),
            "theirs": self.theirs.as_dict(),
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
