"""Trials on the machines of a Ray cluster.

A worker of the cluster is a process pool of one job: what runs a trial there is what runs it here,
and a killed process is noticed, replaced and resumed as here. Ray places workers, carries what they
say to this process, and tells when one is lost with its machine. The store is the only state.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.execution.ray_cluster import RayCluster, Share
from benchmark.execution.remote_pool import Beginning, RemotePool, Report
from benchmark.execution.trial_queue import run_queue
from benchmark.execution.trial_stages import Outcome, release_leases
from benchmark.experiment.run_context import RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.store.entries import Store
from benchmark.store.provenance import code, versions

if TYPE_CHECKING:
    import ray

REPORT_S = 0.5
"""Seconds after which a worker reports, whatever happened."""
IDLE_S = 10.0
"""Seconds after which a worker that has no trial is given back to the cluster."""
SILENCE_S = 60.0
"""Seconds after which somebody who waits for room in the cluster is told."""
MARKS_KEPT_S = 7 * 86400.0
"""Age from which marks in the store are removed, which runs left that were killed."""


def run_on_cluster(
    cluster: RayCluster,
    trials: Sequence[Trial],
    context: RunContext,
    share: Share,
    jobs: int | None,
) -> Iterator[Outcome]:
    """Run trials and yield their outcomes as they arrive.

    Args:
        cluster: to which this process is connected.
        trials: in the order in which they begin.
        context: of the run; its store is on all machines.
        share: what each takes of a machine.
        jobs: how many at most are given to the cluster at the same time; None = as many as its
            machines hold.
    """
    executor = RayExecutor(cluster, trials, context, share, jobs)
    try:
        yield from run_queue(trials, context.store, executor)
    finally:
        executor.close()


@dataclass
class _Worker:
    """A worker, as this process knows it."""

    pool: Any
    """The actor of Ray."""
    last: Report | None = None
    """None before its first one."""
    number: int = -1
    """Of its trial."""
    since: float = 0.0
    """When it took that trial, or has none."""


class RayExecutor:
    """Runs each trial in a worker of the cluster."""

    def __init__(
        self,
        cluster: RayCluster,
        trials: Sequence[Trial],
        context: RunContext,
        share: Share,
        jobs: int | None,
    ) -> None:
        import ray

        self._cluster, self._trials, self._share, self._jobs = cluster, trials, share, jobs
        self._store, self._on_stage = context.store, context.on_stage
        self._idle: list[_Worker] = []
        self._running: dict[ray.ObjectRef[Report], _Worker] = {}
        self._ended: list[tuple[int, Outcome | None]] = []
        self._has_told = False
        needed = share.resources
        self._remote = ray.remote(RemotePool).options(
            num_cpus=needed["CPU"], num_gpus=needed.get("GPU", 0), max_restarts=0
        )
        root, logs = context.store.root.absolute(), context.tensorboard
        self._mark = root / f".workers-{uuid.uuid4().hex}"
        context.store.prepare()
        self._mark.touch()
        _remove_old_marks(self._mark)
        # What is put into the cluster goes to each machine once.
        self._begin = ray.put(
            Beginning(
                trials=tuple(trials),
                context=replace(
                    context,
                    store=Store(root),
                    on_stage=ignore_progress,
                    tensorboard=None if logs is None else logs.absolute(),
                ),
                processes=share.processes,
                mark=self._mark,
                code=code()["digest"],
                versions=versions(),
                folder=Path.cwd(),
            )
        )

    @property
    def slots(self) -> int:
        """Trials at the same time, at this moment: machines come and go."""
        return self._jobs or max(1, self._share.count_places(self._cluster.machines))

    def submit(self, number: int) -> None:
        """Begin a trial, in a worker that has none."""
        worker = self._idle.pop() if self._idle else _Worker(self._remote.remote(self._begin))
        worker.number, worker.since = number, time.monotonic()
        self._mark.touch()  # another run may have thought it old
        worker.pool.submit.remote(number)  # what it raises is in the next report
        self._listen_to(worker)

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """The trials that ended; None for one whose worker was lost."""
        import ray

        self._give_back()
        until = time.monotonic() + timeout_s
        while not self._ended and (left := until - time.monotonic()) > 0:
            ready, _ = ray.wait(list(self._running), timeout=left)
            for reference in ready:
                self._receive(reference)
            self._tell()
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Ask the workers to end their trials where these resume; those that wait do not begin."""
        import ray

        if any(worker.last is None for worker in self._running.values()):
            # One that has begun says so within `REPORT_S`, and who holds the lease.
            ready, _ = ray.wait(
                list(self._running), num_returns=len(self._running), timeout=2 * REPORT_S
            )
            for reference in ready:
                self._receive(reference)
        for reference, worker in list(self._running.items()):
            if worker.last is not None:
                worker.pool.stop.remote()
                continue
            ray.kill(worker.pool)
            del self._running[reference]
            name = self._trials[worker.number].name
            self._ended.append(
                (worker.number, Outcome(name, 0, (), stopped="no worker had begun it"))
            )

    def close(self) -> None:
        """End all workers at once; what they were making resumes from what they kept."""
        import ray

        for worker in (*self._running.values(), *self._idle):
            with suppress(ray.exceptions.RayError):
                ray.kill(worker.pool)
        self._mark.unlink(missing_ok=True)

    def _listen_to(self, worker: _Worker) -> None:
        self._running[worker.pool.collect.remote(REPORT_S)] = worker

    def _receive(self, reference: ray.ObjectRef[Report]) -> None:
        """Take in a report, or that there will be no more."""
        import ray

        worker = self._running.pop(reference)
        try:
            report = ray.get(reference)
        except ray.exceptions.RayTaskError as failed:  # of the store, as in a pool
            if isinstance(failed.cause, Exception):
                raise failed.cause from failed
            raise
        except ray.exceptions.RayError as lost:  # the worker, or its machine with the report
            self._bury(worker, lost)
            return
        if report.refusal:
            raise UserError(report.refusal)
        worker.last = report
        for line in report.lines:
            note(line)
        for stage in report.stages:
            self._on_stage(*stage)
        if not report.ended:
            self._listen_to(worker)
            return
        self._ended += [(worker.number, outcome) for outcome in report.ended]
        worker.since = time.monotonic()
        self._idle.append(worker)

    def _bury(self, worker: _Worker, lost: Exception) -> None:
        """Let the trial of a worker that is lost be resumed by any other, at once."""
        import ray

        if getattr(lost, "_actor_init_failed", False):
            said = str(lost).strip().splitlines()[-1]
            raise UserError(
                f"A machine of the Ray cluster cannot start a worker ({said}): install the same"
                " packages on all of them."
            ) from lost
        # It may be out of reach for a while only.
        with suppress(ray.exceptions.RayError):
            ray.kill(worker.pool)
        if worker.last is not None:
            trial = self._trials[worker.number]
            release_leases(trial, self._store, worker.last.place, worker.last.pids)
        self._ended.append((worker.number, None))

    def _give_back(self) -> None:
        """Let others of the cluster have what is not used."""
        import ray

        now = time.monotonic()
        for worker in [worker for worker in self._idle if now - worker.since > IDLE_S]:
            self._idle.remove(worker)
            ray.kill(worker.pool)

    def _tell(self) -> None:
        """Say once if the cluster has no room for a trial that was given to it."""
        now = time.monotonic()
        waiting = [worker for worker in self._running.values() if worker.last is None]
        if not self._has_told and any(now - worker.since > SILENCE_S for worker in waiting):
            self._has_told = True
            note(f"note: waiting for {self._share} in the Ray cluster, for {len(waiting)} trials.")


def _remove_old_marks(own: Path) -> None:
    """Remove the marks of runs that were killed; those of others that run are made again."""
    now = own.stat().st_mtime  # by the clock of the file system
    for mark in own.parent.glob(".workers-*"):
        with suppress(FileNotFoundError):
            if now - mark.stat().st_mtime > MARKS_KEPT_S:
                mark.unlink()
