"""The processes of a job: one, or several that work on each trial together, one for each GPU.

Each has a pipe of its own, so that one that is killed takes no other job with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from benchmark.api import UserError
from benchmark.execution.trial_stages import Outcome, run_trial
from benchmark.experiment.run_context import OnStage, RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.device import count_gpus, set_threads, use_device
from benchmark.runtime.distributed import ALONE, ProcessLostError, start
from benchmark.runtime.stop_request import deferred, listen


class ProcessGroup:
    """Works on one trial after another, in processes that end with this one."""

    def __init__(
        self,
        trials: Sequence[Trial],
        context: RunContext,
        *,
        count: int = 1,
        gpus: Sequence[str] = (),
    ) -> None:
        """Start the processes.

        Args:
            trials: which of them is said by its number.
            context: with a function of progress that can be pickled.
            count: of processes; on GPUs each takes one.
            gpus: what the processes see of the GPUs, as in `CUDA_VISIBLE_DEVICES`; empty = all.
        """
        self.number: int | None = None
        """Of the trial that is worked on."""
        self.is_lost = False
        """Whether a process has ended, and with it all others."""
        self._outcomes: dict[Connection, Outcome] = {}
        self._processes: dict[Connection, BaseProcess] = {}
        # A forked child would inherit torch's threads in an unusable state.
        spawning = multiprocessing.get_context("spawn")
        seen = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}
        for of_rank in _list_ranks(count):
            here, there = spawning.Pipe()
            arguments = (there, tuple(trials), context, seen | of_rank, os.getpid())
            process = spawning.Process(target=_work, args=arguments)
            process.start()
            # The only open end is now that of the process: if it dies, this one is told.
            there.close()
            self._processes[here] = process

    @property
    def pipes(self) -> list[Connection]:
        """Where messages arrive."""
        return list(self._processes)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [process.pid for process in self._processes.values() if process.pid is not None]

    def submit(self, number: int) -> None:
        """Begin a trial."""
        self.number, self._outcomes = number, {}
        for pipe in self._processes:
            with suppress(OSError):  # a process that was lost is noticed when it is heard
                pipe.send(number)

    def receive(self, pipe: Connection, on_stage: OnStage) -> bool:
        """Take a message from a pipe; whether the trial has ended with it."""
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            self._give_up()
            return True
        if isinstance(message, BaseException):
            raise message
        if isinstance(message, Outcome):
            self._outcomes[pipe] = message
            return len(self._outcomes) == len(self._processes)
        on_stage(*message)
        return False

    def finish(self) -> Outcome | None:
        """The outcome of the trial that has ended; None if its processes were lost."""
        self.number = None
        if not self.is_lost:
            return self._outcomes[next(iter(self._processes))]
        # One that failed where the others did not says why before it ends.
        return next((said for said in self._outcomes.values() if said.errors), None)

    def stop(self) -> None:
        """Send SIGTERM to the processes, which end the trial where it resumes."""
        for process in self._processes.values():
            process.terminate()

    def close(self) -> None:
        """End the processes: at once if they work, and else as soon as they notice."""
        for pipe, process in self._processes.items():
            if self.number is not None:
                process.kill()
            pipe.close()

    def _give_up(self) -> None:
        """End what is left of the processes, and hear what they still had to say."""
        self.is_lost = True
        for pipe, process in self._processes.items():
            process.kill()
            process.join()
            with suppress(EOFError, OSError):
                while pipe.poll():
                    if isinstance(message := pipe.recv(), Outcome):
                        self._outcomes[pipe] = message
            pipe.close()


def divide_gpus(device: str, job: int, count: int) -> list[str]:
    """What a job of several on this machine sees of its GPUs; empty if it sees all, or none.

    Jobs beyond the number of GPUs share them.

    Args:
        device: `cuda`, whose GPUs are divided; another, or one with a number, is that of all.
        job: number of the job, from 0.
        count: GPUs for each job.
    """
    if device != "cuda":
        return []
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    gpus = [name.strip() for name in named.split(",")] if named else []
    gpus = gpus or [str(number) for number in range(count_gpus())]
    return [gpus[(job * count + n) % len(gpus)] for n in range(min(count, len(gpus)))]


def _list_ranks(count: int) -> list[dict[str, str]]:
    """The variables of a launcher, by which processes find each other."""
    if count == 1:
        return [{}]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    there = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    there |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    return [there | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def _work(
    pipe: Connection,
    trials: Sequence[Trial],
    context: RunContext,
    variables: Mapping[str, str],
    parent: int,
) -> None:
    """Run the trials whose numbers come through the pipe until it is closed."""
    listen()
    # Ctrl-C on a terminal reaches all processes: the parent says what happens to this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    # torch looks for GPUs when the first is used, and so not before.
    os.environ.update(variables)
    use_device(context.device)
    processes = ALONE
    if "WORLD_SIZE" in variables:
        try:
            processes = start(context.device)
        except UserError as error:
            note(f"note: {error}")
            os._exit(1)
    last = 0.0

    def send(*message: Any) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            pipe.send(message)

    shown = send if processes.is_main else ignore_progress
    context = replace(context, on_stage=shown, processes=processes)
    # A parent that has gone reads nothing; what was made is in the store.
    with deferred(), suppress(EOFError, OSError):
        while True:
            trial = trials[pipe.recv()]
            set_threads(trial.threads)
            try:
                ended: Outcome | Exception = run_trial(trial, context)
            except ProcessLostError as lost:
                if lost.sentence:
                    pipe.send(Outcome(trial.name, 0, (lost.sentence,)))
                os._exit(1)  # the threads of a broken group cannot be joined
            except Exception as error:  # of the store, such as a full disk: not of the trial
                ended = error
            pipe.send(ended)
    if processes.count > 1:
        os._exit(0)  # the others may have gone already, so the group is not left together


def _follow(parent: int) -> None:
    """Exit when the parent exits, even if it was killed without notice."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
