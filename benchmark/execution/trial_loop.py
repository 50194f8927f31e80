"""The trials of a run that are not finished, system by system, as many at once as there is room."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from benchmark.execution.changed_sources import describe_changed_sources
from benchmark.execution.executor_choice import Workplace
from benchmark.execution.shard import select_shard
from benchmark.execution.trial_stages import Rerun, select, unfinished
from benchmark.experiment.plan import Plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.progress import ProgressBoard


def run_trials(
    plan: Plan,
    context: RunContext,
    workplace: Workplace,
    *,
    rerun: Rerun,
    shard: tuple[int, int] | None,
) -> list[str]:
    """Run what is not finished, and tell how each trial ended.

    Args:
        plan: the whole run.
        context: the store, the device and the processes of this call.
        workplace: where the trials run.
        rerun: which finished entries are made again.
        shard: which part of the trials, from 1, and of how many; None = all.

    Returns:
        A sentence for each stage that failed.
    """
    chosen: list[int] = []
    processes, store = context.processes, context.store
    part = set(select_shard(plan.trials, shard))
    if processes.is_main:
        selected = [trial for trial in select(plan, store, rerun) if unfinished(trial, store)]
        for changed in describe_changed_sources(plan.trials, store):
            note(f"note: {changed}")
        chosen = [number for number in map(plan.trials.index, selected) if number in part]
    trials = [plan.trials[number] for number in processes.gather(chosen)[0]]
    trials = _in_turn(trials, [trial.system for trial in plan.trials])
    if processes.is_main:
        of = f" in part {shard[0]} of {shard[1]}" if shard else ""
        note(f"{len(part)} trials{of}, {len(part) - len(trials)} of them cached")
    errors: list[str] = []
    if not trials:
        return errors
    if not processes.is_main:
        os.environ["TQDM_DISABLE"] = "1"
    with closing(ProgressBoard(len(trials), min(workplace.jobs, len(trials)))) as board:
        watched = replace(context, on_stage=board.stage)
        for outcome in workplace.run(trials, watched):
            board.finished(outcome.trial)
            errors += [f"{outcome.trial}: {error}" for error in outcome.errors]
            state = "failed" if outcome.errors else "stopped" if outcome.stopped else "done"
            if processes.is_main:
                board.print_line(f"{outcome.trial}: {state}")
    return errors


def _in_turn(trials: Sequence[Trial], systems: Sequence[str]) -> list[Trial]:
    """System by system, in the order of the suite, so that the long ones of all tasks start first.

    Trials that share a training come behind all others: beside the first of them they would wait.
    """
    order = list(dict.fromkeys(systems))
    ordered = sorted(trials, key=lambda trial: order.index(trial.system))
    firsts = {trial.train_key: trial for trial in reversed(ordered)}
    return sorted(
        ordered,
        key=lambda trial: trial.train_key is not None and firsts[trial.train_key] is not trial,
    )
