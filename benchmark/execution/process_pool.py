"""Trials in this process, or in parallel in processes of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait

from benchmark.execution.process_group import ProcessGroup, divide_gpus
from benchmark.execution.trial_queue import run_queue
from benchmark.execution.trial_stages import Outcome, release_leases, run_trial
from benchmark.experiment.run_context import RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.device import set_threads
from benchmark.runtime.stop_request import deferred
from benchmark.store.lease import find_place


def run_trials(
    trials: Sequence[Trial], context: RunContext, jobs: int = 1, processes: int = 1
) -> Iterator[Outcome]:
    """Run trials on this machine and yield outcomes as they arrive.

    Under a launcher, whose processes work on one trial together, `jobs` and `processes` are 1.

    Args:
        trials: in the order in which they begin.
        context: of the run.
        jobs: trials at the same time.
        processes: that work on one trial together, on GPUs with one for each.
    """
    if jobs == processes == 1:
        if context.processes.count > 1:
            yield from _run_together(trials, context)
            return
        yield from run_queue(trials, context.store, InProcess(trials, context))
        return
    pool = ProcessPool(trials, context, jobs, processes)
    try:
        yield from run_queue(trials, context.store, pool)
    finally:
        pool.close()


def _run_together(trials: Sequence[Trial], context: RunContext) -> Iterator[Outcome]:
    """The trials of a launcher, whose processes have to agree on each, in turn."""
    waiting, told = list(trials), set[str]()
    while waiting:
        held = []
        for trial in waiting:
            set_threads(trial.threads)
            with deferred():
                outcome = run_trial(trial, context)
            if outcome.held_by is not None:
                held.append(trial)
                if context.processes.is_main and outcome.held_by.token not in told:
                    told.add(outcome.held_by.token)
                    note(f"note: {trial.name} comes later: {outcome.held_by} works on it.")
                continue
            yield outcome
            if outcome.stopped:
                return
        if waiting := held:
            time.sleep(1.0)


class InProcess:
    """Runs one trial at a time, in this process."""

    slots = 1

    def __init__(self, trials: Sequence[Trial], context: RunContext) -> None:
        self._trials, self._context = trials, context
        self._ended: list[tuple[int, Outcome | None]] = []

    def submit(self, number: int) -> None:
        """Run a trial to its end."""
        trial = self._trials[number]
        set_threads(trial.threads)
        self._ended.append((number, run_trial(trial, self._context)))

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """The outcome of the last trial."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Nothing: a trial in this process looks for requests itself."""


class ProcessPool:
    """Runs several trials at a time, in processes that end with this one.

    On a machine with several GPUs each job has its own; see `divide_gpus`.
    """

    def __init__(
        self, trials: Sequence[Trial], context: RunContext, jobs: int, processes: int = 1
    ) -> None:
        self.slots = jobs
        self._trials, self._on_stage = tuple(trials), context.on_stage
        self._context = replace(context, on_stage=ignore_progress)
        self._processes = processes
        self._groups: dict[int, ProcessGroup] = {}
        """By the number of the job."""

    def submit(self, number: int) -> None:
        """Begin a trial, in processes that have none."""
        idle = [job for job, group in self._groups.items() if group.number is None]
        job = idle[0] if idle else next(n for n in range(self.slots) if n not in self._groups)
        if not idle:
            gpus = divide_gpus(self._context.device, job, self._processes)
            self._groups[job] = ProcessGroup(
                self._trials, self._context, count=self._processes, gpus=gpus
            )
        self._groups[job].submit(number)

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """The trials that ended; None for one whose processes were lost."""
        ended: list[tuple[int, Outcome | None]] = []
        until = time.monotonic() + timeout_s
        while not ended and (left := until - time.monotonic()) > 0:
            running = [job for job, group in self._groups.items() if group.number is not None]
            jobs = {pipe: job for job in running for pipe in self._groups[job].pipes}
            for pipe in wait(list(jobs), left):
                assert isinstance(pipe, Connection)
                group = self._groups.get(jobs[pipe])
                # Its end may have come through another pipe a moment ago.
                if group is None or (number := group.number) is None:
                    continue
                if group.receive(pipe, self._on_stage):
                    ended.append((number, group.finish()))
                    if group.is_lost:
                        del self._groups[jobs[pipe]]
                        release_leases(
                            self._trials[number], self._context.store, find_place(), group.pids
                        )
        return ended

    def stop(self) -> None:
        """Send SIGTERM to the processes, which end their trials where these resume."""
        for group in self._groups.values():
            group.stop()

    def close(self) -> None:
        """End all processes at once; what they were making resumes from what they kept."""
        for group in self._groups.values():
            group.close()

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [pid for group in self._groups.values() for pid in group.pids]
