"""Trials in this process, or in parallel in processes with a share of the threads each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from benchmark.execution.trial_queue import run_queue
from benchmark.execution.trial_stages import Outcome, run_trial
from benchmark.experiment.run_context import RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.device import set_threads, use_device
from benchmark.runtime.stop_request import deferred, listen


def run_trials(trials: Sequence[Trial], context: RunContext, jobs: int = 1) -> Iterator[Outcome]:
    """Run trials in `jobs` processes and yield outcomes as they arrive.

    Under a launcher, whose processes work on one trial together, `jobs` is 1.
    """
    if jobs == 1:
        if context.processes.count > 1:
            yield from _run_together(trials, context)
            return
        yield from run_queue(trials, context.store, InProcess(trials, context))
        return
    pool = ProcessPool(trials, context, jobs)
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

    Each has a pipe of its own, so that one that is killed takes no other with it.
    """

    def __init__(self, trials: Sequence[Trial], context: RunContext, jobs: int) -> None:
        self.slots = jobs
        self._trials, self._on_stage = tuple(trials), context.on_stage
        self._context = replace(context, on_stage=ignore_progress)
        # A forked child would inherit torch's threads in an unusable state.
        self._spawning = multiprocessing.get_context("spawn")
        self._processes: dict[Connection, SpawnProcess] = {}
        self._running: dict[Connection, int] = {}

    def submit(self, number: int) -> None:
        """Begin a trial, in a process that has none."""
        idle = [pipe for pipe in self._processes if pipe not in self._running]
        pipe = idle[0] if idle else self._start()
        self._running[pipe] = number
        with suppress(OSError):  # a process that was lost is noticed when it is collected
            pipe.send(number)

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """The trials that ended; None for that of a process that was lost."""
        ended: list[tuple[int, Outcome | None]] = []
        until = time.monotonic() + timeout_s
        while not ended and (left := until - time.monotonic()) > 0:
            for pipe in wait(list(self._running), left):
                assert isinstance(pipe, Connection)
                try:
                    message = pipe.recv()
                except (EOFError, OSError):
                    self._processes.pop(pipe).join()
                    ended.append((self._running.pop(pipe), None))
                    continue
                if isinstance(message, BaseException):
                    raise message
                if isinstance(message, Outcome):
                    ended.append((self._running.pop(pipe), message))
                else:
                    self._on_stage(*message)
        return ended

    def stop(self) -> None:
        """Send SIGTERM to the processes, which end their trials where these resume."""
        for process in self._processes.values():
            process.terminate()

    def close(self) -> None:
        """End all processes at once; what they were making resumes from what they kept."""
        for pipe, process in self._processes.items():
            if pipe in self._running:
                process.kill()
            pipe.close()

    def _start(self) -> Connection:
        here, there = self._spawning.Pipe()
        arguments = (there, self._trials, self._context, os.getpid())
        process = self._spawning.Process(target=_work, args=arguments)
        process.start()
        # The only open end is now that of the process: if it dies, this one is told.
        there.close()
        self._processes[here] = process
        return here


def _work(pipe: Connection, trials: Sequence[Trial], context: RunContext, parent: int) -> None:
    """Run the trials whose numbers come through the pipe until it is closed."""
    listen()
    # Ctrl-C on a terminal reaches all processes: the parent says what happens to this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_device(context.device)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    last = 0.0

    def send(*message: Any) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            pipe.send(message)

    # A parent that has gone reads nothing; what was made is in the store.
    with deferred(), suppress(EOFError, OSError):
        while True:
            trial = trials[pipe.recv()]
            set_threads(trial.threads)
            try:
                ended: Outcome | Exception = run_trial(trial, replace(context, on_stage=send))
            except Exception as error:  # of the store, such as a full disk: not of the trial
                ended = error
            pipe.send(ended)


def _follow(parent: int) -> None:
    """Exit when the parent exits, even if it was killed without notice."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
