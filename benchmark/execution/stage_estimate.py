"""How long a stage takes, from how long stages like it took."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmark.execution.speed_records import Speed, read_reference, read_speeds
from benchmark.execution.workload import Work
from benchmark.store.entries import Store

SCORED_S = 0.003
"""Seconds that the scores of a candidate take where none are known."""


@dataclass(frozen=True)
class Estimate:
    """How long something takes in one process."""

    seconds: float
    is_rough: bool = False
    """Whether nothing like it was measured: the configuration or the decoding is another one."""
    unknown: int = 0
    """Stages of which nothing is known, which are left out."""

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.seconds + other.seconds,
            self.is_rough or other.is_rough,
            self.unknown + other.unknown,
        )


class Estimator:
    """Estimates from the speeds of a store, with kept reports as a first guess."""

    def __init__(self, speeds: Iterable[Speed]) -> None:
        self._speeds: dict[tuple[str, str, str], list[Speed]] = {}
        for speed in speeds:
            self._speeds.setdefault((speed.kind, speed.system, speed.device), []).append(speed)

    @classmethod
    def of_store(cls, store: Store) -> Estimator:
        """With all that is known where a store is."""
        return cls([*read_speeds(store), *read_reference()])

    def is_guess(self, work: Work) -> bool:
        """Whether nothing like a stage was measured."""
        estimate = self.estimate(work)
        return estimate is None or estimate.is_rough

    def estimate(self, work: Work) -> Estimate | None:
        """How long a stage takes; None if nothing is known of its system."""
        known = self._speeds.get((work.kind, work.system, work.device))
        if not known and work.kind == "trace":
            # A trace is one more decoding, with its states kept.
            known = self._speeds.get(("generate", work.system, work.device))
        if not known:
            if work.kind == "score":
                return Estimate((work.size or 0) * SCORED_S)
            return None
        nearest = max(_likeness(work, speed) for speed in known)
        alike = [speed for speed in known if _likeness(work, speed) == nearest]
        bounds = [_scale(work, alike), work.seconds]
        seconds = min((bound for bound in bounds if bound is not None), default=0.0)
        is_alike = alike[0].config == work.config and alike[0].way == work.way
        return Estimate(seconds, is_rough=not is_alike)


def _likeness(work: Work, speed: Speed) -> tuple[bool, bool, bool, bool, float, float]:
    """How much a measured stage is like one that is planned: what decides most comes first."""
    return (
        speed.config == work.config,
        speed.way == work.way,
        speed.is_own,
        speed.task == work.task,
        -abs(math.log(speed.calls / work.calls)),
        # Of scores, which are compared in pairs.
        -abs(math.log(float(speed.way) / float(work.way))) if work.kind == "score" else 0.0,
    )


def _scale(work: Work, alike: Sequence[Speed]) -> float | None:
    """The seconds of measured stages, for the size of a planned one; None without a bound."""
    found = []
    # The median: machines that were busy with something else are no measure.
    if work.size is not None:
        rates = [s.seconds / (s.size * s.calls * _length(work, s)) for s in alike]
        found.append(median(rates) * work.size * work.calls)
    rates = [speed.seconds / speed.tokens for speed in alike if speed.tokens]
    if work.tokens is not None and rates:
        found.append(median(rates) * work.tokens)
    return min(found, default=None)


def _length(work: Work, speed: Speed) -> float:
    """How long the texts of a measured stage were, in those of the planned one."""
    return speed.chars / work.chars if speed.chars and work.chars else 1.0
