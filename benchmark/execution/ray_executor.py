"""Trials on the machines of a Ray cluster.

A worker of the cluster is a process pool of one job: what runs a trial there is what runs it here,
and a killed process is noticed, replaced and resumed as here. Ray places workers, carries what they
say to this process, and tells when one is lost with its machine. The store is the only state.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.execution.remote_pool import Beginning, RemotePool, Report
from benchmark.execution.trial_queue import run_queue
from benchmark.execution.trial_stages import Outcome, release_leases
from benchmark.experiment.run_context import RunContext, ignore_progress
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.device import count_cores
from benchmark.store.entries import Store
from benchmark.store.provenance import code

if TYPE_CHECKING:
    import ray

REPORT_S = 0.5
"""Seconds after which a worker reports, whatever happened."""
IDLE_S = 10.0
"""Seconds after which a worker that has no trial is given back to the cluster."""
LOOK_S = 5.0
"""Seconds between two looks at the machines of the cluster."""
ANSWER_S = 10.0
"""Seconds that a cluster has to answer; Ray itself would try without end."""
SILENCE_S = 60.0
"""Seconds after which somebody who waits for room in the cluster is told."""


@dataclass(frozen=True)
class Share:
    """What a trial takes of a machine."""

    cpus: int
    """Of one process."""
    gpus: float = 0.0
    """Of all; a part of one, or a number of whole ones."""

    @property
    def processes(self) -> int:
        """How many work on the trial together: one for each GPU."""
        return max(1, int(self.gpus))

    @property
    def resources(self) -> dict[str, float]:
        """The same as Ray counts it."""
        return {"CPU": float(self.cpus * self.processes)} | (
            {"GPU": self.gpus} if self.gpus else {}
        )

    def count_places(self, machines: Sequence[Mapping[str, float]]) -> int:
        """How many such trials the machines hold, whose resources are given, at the same time."""
        # Parts of GPUs are binary fractions that need not be exact.
        return sum(
            min(int(machine.get(of, 0.0) / needed + 1e-6) for of, needed in self.resources.items())
            for machine in machines
        )

    def __str__(self) -> str:
        cores = int(self.resources["CPU"])
        gpus = f" and {self.gpus:g} GPU{'s' * (self.gpus > 1)}" if self.gpus else ""
        return f"{cores} core{'s' * (cores > 1)}{gpus}"


class RayCluster:
    """A connection to the machines of a cluster; see `connect`."""

    def __init__(self) -> None:
        self._looked, self._machines = float("-inf"), list[Mapping[str, float]]()

    @property
    def machines(self) -> list[Mapping[str, float]]:
        """The resources of each machine that is there now, or was a few seconds ago."""
        import ray

        if time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            self._machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return self._machines

    def choose_device(self, name: str) -> str:
        """The device behind `--device`: GPUs for `auto` if any machine has one."""
        has_gpus = any(machine.get("GPU", 0.0) > 0 for machine in self.machines)
        return name if name != "auto" else "cuda" if has_gpus else "cpu"

    def check_room(self, share: Share) -> None:
        """Refuse trials that no machine could take.

        Raises:
            UserError: if there is none at this moment.
        """
        if not share.count_places(self.machines):
            raise UserError(
                f"No machine of the Ray cluster has {share} for a trial: lower --gpus-per-trial or"
                " threads, use another --device, or give --jobs N if the cluster grows by itself."
            )

    def run(
        self, trials: Sequence[Trial], context: RunContext, share: Share, jobs: int | None
    ) -> Iterator[Outcome]:
        """Run trials and yield their outcomes as they arrive.

        Args:
            trials: in the order in which they begin.
            context: of the run; its store is on all machines.
            share: what each takes of a machine.
            jobs: how many at most are given to the cluster at the same time; None = as many as
                its machines hold.
        """
        executor = RayExecutor(self, trials, context, share, jobs)
        try:
            yield from run_queue(trials, context.store, executor)
        finally:
            executor.close()


@contextmanager
def connect(address: str | None) -> Iterator[RayCluster]:
    """Connect to a cluster for the time of the block.

    Args:
        address: as Ray has it; None = that of `RAY_ADDRESS`, and without it a cluster of this
            machine alone, which ends with the block.

    Raises:
        UserError: if Ray is not installed, or no cluster answers.
    """
    # Nothing is sent to anybody, whatever the default of this version of Ray is.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UserError(
            "--executor ray needs a package: pip install 'diffuseq-bench[ray]'."
        ) from error
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    _check_answer(address)
    alone = {"num_cpus": count_cores(), "include_dashboard": False} if address == "local" else {}
    handler = signal.getsignal(signal.SIGTERM)
    # Ray prints on stdout what it thinks of workers that are lost; this process says it itself.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **alone)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            said = " ".join(str(error).split()).rstrip(".")
            raise UserError(
                f"--executor ray: no cluster at {address} ({said}); one that asks for a token needs"
                " RAY_AUTH_MODE=token here, as docs/scale.md shows."
            ) from error
        try:
            # Ray takes SIGTERM for itself.
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)
            yield RayCluster()
        finally:
            ray.shutdown()


def _check_answer(address: str) -> None:
    """Refuse a host and port where nobody listens.

    Raises:
        UserError: if so; other forms of an address are Ray's own.
    """
    host, _, port = address.rpartition(":")
    if "://" in address or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"--executor ray: no cluster at {address} ({error}): start one with ray start --head."
        ) from error


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
                folder=Path.cwd(),
            )
        )

    @property
    def slots(self) -> int:
        """Trials at the same time, at this moment: machines come and go."""
        self._give_back()
        return self._jobs or max(1, self._share.count_places(self._cluster.machines))

    def submit(self, number: int) -> None:
        """Begin a trial, in a worker that has none."""
        worker = self._idle.pop() if self._idle else _Worker(self._remote.remote(self._begin))
        worker.number, worker.since = number, time.monotonic()
        worker.pool.submit.remote(number)
        self._listen_to(worker)

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """The trials that ended; None for one whose worker was lost."""
        import ray

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

        for reference, worker in list(self._running.items()):
            if worker.last is not None:
                worker.pool.stop.remote()
                continue
            ray.kill(worker.pool)
            del self._running[reference]
            name = self._trials[worker.number].name
            self._ended.append((worker.number, Outcome(name, 0, (), stopped="it had not begun")))

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
        except ray.exceptions.RayActorError as lost:
            self._bury(worker, lost)
            return
        except ray.exceptions.RayTaskError as failed:  # of the store, as in a pool
            if isinstance(failed.cause, Exception):
                raise failed.cause from failed
            raise
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
