"""Estimate how long trials take, from how long others took."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmark.execution.rehearsal import rehearse
from benchmark.execution.speed_records import Speed, read_reference, read_speeds
from benchmark.execution.trial_stages import is_scored
from benchmark.execution.workload import Work, list_work
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.store.entries import Store

REHEARSED_S = 2.0
"""Seconds for rehearsals of what no speed is known of, over all trials of a call."""
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

    def estimate(self, work: Work) -> Estimate | None:
        """How long a stage takes; None if nothing is known of its system."""
        known = self._speeds.get((work.kind, work.system, work.device))
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
    seconds = sum(speed.seconds for speed in alike)
    size = sum(speed.size * speed.calls * _length(work, speed) for speed in alike)
    tokens = sum(speed.tokens for speed in alike)
    found = []
    if work.size is not None:
        found.append(seconds * work.size * work.calls / size)
    if work.tokens is not None and tokens:
        found.append(seconds * work.tokens / tokens)
    return min(found, default=None)


def _length(work: Work, speed: Speed) -> float:
    """How long the texts of a measured stage were, in those of the planned one."""
    return speed.chars / work.chars if speed.chars and work.chars else 1.0


def estimate_trials(trials: Sequence[Trial], context: RunContext) -> list[Estimate]:
    """How long the missing stages of each trial take, in one process.

    What no speed is known of is rehearsed, as long as there is time for it: a first trial of each
    system and configuration stands for the others.
    """
    estimator = Estimator.of_store(context.store)
    until = time.monotonic() + REHEARSED_S
    rehearsed: list[Speed] = []
    found = []
    for trial in trials:
        total = Estimate(0.0)
        # Without a train split a trial ends at once, with a sentence.
        is_possible = trial.train_key is None or bool(trial.task.train)
        for work in _list_missing(trial, context) if is_possible else ():
            estimate = estimator.estimate(work)
            if estimate is None or (estimate.is_rough and work.kind in ("train", "generate")):
                estimate = Estimator(rehearsed).estimate(work) or estimate
            if (estimate is None or estimate.is_rough) and work.kind in ("train", "generate"):
                if time.monotonic() < until:
                    rehearsed += rehearse(trial, context, list_work(trial, context.device))
                estimate = Estimator(rehearsed).estimate(work) or estimate
            total += estimate or Estimate(0.0, unknown=1)
        found.append(total)
    return found


def _list_missing(trial: Trial, context: RunContext) -> list[Work]:
    """What is not in the store yet."""
    store = context.store
    return [
        work
        for work in list_work(trial, context.device)
        if not (
            is_scored(store, trial.scoring, work.key)
            if work.kind == "score"
            else store.record(work.kind, work.key) is not None  # type: ignore[arg-type]
        )
    ]
