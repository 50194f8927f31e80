"""Trials in parallel: processes with a share of the threads each, and one that reports progress."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from benchmark.execution.trial_stages import Outcome, run_trial
from benchmark.experiment.run_context import OnStage, RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.device import set_threads, use_device


@dataclass(frozen=True)
class _Worker:
    """What a pool process receives once, so that a task is not sent with each trial."""

    trials: tuple[Trial, ...]
    context: RunContext
    messages: Any


_worker: _Worker


def run_trials(trials: Sequence[Trial], context: RunContext, jobs: int = 1) -> Iterator[Outcome]:
    """Run trials in `jobs` processes and yield outcomes as they arrive.

    Under a launcher, whose processes work on one trial together, `jobs` is 1.
    """
    if jobs == 1:
        for trial in trials:
            set_threads(trial.threads)
            yield run_trial(trial, context)
        return
    # A forked child would inherit torch's threads in an unusable state.
    spawning = multiprocessing.get_context("spawn")
    messages = spawning.Queue()
    worker = _Worker(tuple(trials), replace(context, on_stage=ignore_progress), messages)
    with ProcessPoolExecutor(
        jobs, mp_context=spawning, initializer=_start, initargs=(worker, os.getpid())
    ) as pool:
        waiting: set[Future[Outcome]] = {pool.submit(_run, n) for n in range(len(trials))}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                _pass_on(messages, context.on_stage)
                for future in done:
                    yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _pass_on(messages: Any, on_stage: OnStage) -> None:
    while True:
        try:
            on_stage(*messages.get_nowait())
        except queue.Empty:
            return


def _start(worker: _Worker, parent: int) -> None:
    global _worker
    _worker = worker
    use_device(worker.context.device)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """Exit when the parent exits, even if it was killed without notice."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _run(number: int) -> Outcome:
    last = 0.0

    def send(*message: Any) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            _worker.messages.put(message)

    trial = _worker.trials[number]
    set_threads(trial.threads)
    return run_trial(trial, replace(_worker.context, on_stage=send))
