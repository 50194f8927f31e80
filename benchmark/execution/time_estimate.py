"""Estimate how long trials take, from how long others took."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmark.execution.rehearsal import rehearse
from benchmark.execution.speed_records import Speed
from benchmark.execution.stage_estimate import Estimate, Estimator
from benchmark.execution.trial_stages import is_scored
from benchmark.execution.workload import Work, list_work
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial

REHEARSED_S = 2.0
"""Seconds for rehearsals of what no speed is known of, over all trials of a call."""


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
