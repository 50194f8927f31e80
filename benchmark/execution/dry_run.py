"""What a run would do, and how long that would take."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.execution.changed_sources import describe_changed_sources
from benchmark.execution.shard import select_shard
from benchmark.execution.stage_estimate import Estimate
from benchmark.execution.time_estimate import estimate_trials
from benchmark.execution.trial_stages import unfinished
from benchmark.experiment.plan import Plan
from benchmark.experiment.run_context import RunContext
from benchmark.runtime.command_line import note
from benchmark.runtime.device import set_threads


def list_estimates(
    plan: Plan, context: RunContext, jobs: int, shard: tuple[int, int] | None
) -> Iterator[str]:
    """A line for each trial of a part of a plan with the time that it takes, and one for all.

    Args:
        plan: the whole run.
        context: the store, and the device that is tried out.
        jobs: how many trials run at the same time.
        shard: which part of the trials, from 1, and of how many; None = all.
    """
    for changed in describe_changed_sources(plan.trials, context.store):
        note(f"note: {changed}")
    set_threads(plan.suite.threads)
    trials = [plan.trials[number] for number in select_shard(plan.trials, shard)]
    left = [number for number, of in enumerate(trials) if unfinished(of, context.store)]
    made = estimate_trials([trials[number] for number in left], context)
    estimates = dict(zip(left, made, strict=True))
    for number, trial in enumerate(trials):
        settings = [planned.setting for planned in trial.generations]
        if number not in estimates:
            yield f"{trial.name}: cached ({len(settings)} settings)"
        else:
            yield f"{trial.name}: {len(settings)} settings, {_describe(estimates[number])}"
        for name in dict.fromkeys(name for s in settings for name in s.ablations):
            labels = "; ".join(s.label for s in settings if name in s.ablations)
            yield f"  ablation {name}: {labels}"
    total = sum(estimates.values(), start=Estimate(0.0))
    jobs = min(jobs, max(1, len(plan.trials)))
    in_all = Estimate(total.seconds / jobs, total.is_rough, total.unknown)
    yield f"{len(trials)} trials, {_describe(in_all)} in {jobs} processes"


def _describe(estimate: Estimate) -> str:
    """The time of a trial in words."""
    if estimate.unknown and not estimate.seconds:
        return "time unknown: nothing like it was measured here"
    also = ", without what nothing is known of" if estimate.unknown else ""
    rough = ", roughly" if estimate.is_rough else ""
    return f"about {_duration(estimate.seconds)}{rough}{also}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
