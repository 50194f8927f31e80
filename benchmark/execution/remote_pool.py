"""A process pool of one job in a worker of a cluster, and what it reports."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.execution.process_pool import ProcessPool
from benchmark.execution.trial_stages import Outcome
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.store.lease import find_place
from benchmark.store.provenance import code, versions


@dataclass
class Report:
    """What happened at a worker since its last report."""

    refusal: str = ""
    """Why it can do nothing; empty if it can."""
    ended: list[Outcome | None] = field(default_factory=list)
    stages: list[tuple[str, str, int, int, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """That its processes printed on stderr."""
    place: str = ""
    pids: tuple[int, ...] = ()
    """Of the processes that work, at this place."""


@dataclass(frozen=True)
class Beginning:
    """What a worker begins with."""

    trials: tuple[Trial, ...]
    context: RunContext
    processes: int
    mark: Path
    """A file in the store, by which it is known to be the same."""
    code: str
    """Digest of the code."""
    versions: dict[str, str]
    """Of the packages that can change numbers."""
    folder: Path
    """In which the command was called: paths of a suite may be relative to it."""


class RemotePool:
    """A process pool of one job, in a worker of the cluster."""

    def __init__(self, begin: Beginning) -> None:
        self._stages: list[tuple[str, str, int, int, str]] = []
        self._refusal = _find_refusal(begin)
        self._failure: Exception | None = None
        self._lines = _capture_stderr()
        # The processes would import the script of Ray's worker.
        vars(sys.modules["__main__"]).pop("__file__", None)
        os.environ["TQDM_DISABLE"] = "1"
        with suppress(OSError):
            os.chdir(begin.folder)
        context = replace(begin.context, on_stage=self._note_stage)
        self._pool = ProcessPool(begin.trials, context, 1, begin.processes)

    def submit(self, number: int) -> None:
        """Begin a trial; what this raises, `collect` raises: nobody waits for a result of it."""
        if self._refusal:
            return
        try:
            self._pool.submit(number)
        except Exception as error:
            self._failure = error

    def collect(self, timeout_s: float) -> Report:
        """What happened, after at most so many seconds."""
        if self._refusal:
            return Report(self._refusal)
        if self._failure is not None:
            raise self._failure
        ended = [outcome for _, outcome in self._pool.collect(timeout_s)]
        if ended:
            time.sleep(0.1)  # the last lines may still be on their way through the pipe
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        stages, self._stages = self._stages, []
        return Report("", ended, stages, lines, find_place(), tuple(self._pool.pids))

    def stop(self) -> None:
        """End the trial where it resumes."""
        self._pool.stop()

    def _note_stage(self, trial: str, stage: str, done: int, total: int, text: str) -> None:
        self._stages.append((trial, stage, done, total, text))


def _find_refusal(begin: Beginning) -> str:
    """Why a trial cannot run here; empty if it can."""
    if code()["digest"] != begin.code:
        return (
            f"The machine {platform.node()} of the Ray cluster has other code than this one:"
            " install the same on all of them."
        )
    here = versions()
    for name in sorted(here.keys() | begin.versions.keys()):
        if here.get(name) != begin.versions.get(name):
            return (
                f"The machine {platform.node()} of the Ray cluster has {name}"
                f" {here.get(name, 'missing')} and this one {begin.versions.get(name, 'missing')}:"
                " install the same packages on all of them."
            )
    if not begin.mark.exists():
        return (
            f"The machine {platform.node()} of the Ray cluster does not see the store"
            f" {begin.mark.parent}: name a folder that all machines share with --store."
        )
    return ""


def _capture_stderr() -> deque[str]:
    """Lines that this process and those that it starts write to stderr from now on."""
    lines: deque[str] = deque()
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)

    def read() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as file:
            for line in file:
                lines.append(line.rstrip("\n"))

    threading.Thread(target=read, daemon=True).start()
    return lines
