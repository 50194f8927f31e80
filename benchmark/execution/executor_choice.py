"""Where the trials of a run are executed, as its command says it: on this machine, or by Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmark.api import UserError
from benchmark.runtime.device import choose_device, count_gpus, default_jobs
from benchmark.runtime.distributed import count_launched

if TYPE_CHECKING:
    from benchmark.execution.trial_stages import Outcome
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.trial import Trial


@dataclass(frozen=True)
class Workplace:
    """Where trials run, ready for them."""

    device: str
    jobs: int
    """Trials at the same time, now."""
    run: Callable[[Sequence[Trial], RunContext], Iterator[Outcome]]
    """Runs trials and yields their outcomes as they arrive."""


@dataclass(frozen=True)
class ExecutorChoice:
    """The flags of the command that say who runs trials."""

    executor: Literal["processes", "ray"] = "processes"
    address: str | None = None
    """Of the Ray cluster."""
    gpus: float | None = None
    """That work on one trial together; a part of one under Ray. None = one, or its share of it."""
    jobs: int | None = None
    """Trials at the same time; None = as many as fit."""

    def choose_device(self, name: str) -> str:
        """The device behind `--device`; under Ray it is the cluster that says what `auto` is.

        Raises:
            UserError: if it does not exist, or the flags contradict each other.
        """
        if self.executor == "ray":
            if count_launched() > 1:
                raise UserError("--executor ray: Ray starts the processes; omit the launcher.")
            if name not in ("auto", "cpu", "cuda"):
                raise UserError(f"--device {name}: Ray gives out GPUs; use auto, cpu or cuda.")
            self._check_gpus(name)
            return name
        if self.address is not None:
            raise UserError(f"--address {self.address} is of a Ray cluster: add --executor ray.")
        device = choose_device(name)
        self._check_gpus(device)
        if self.gpus is not None:
            self._check_gpus_here(device, self.gpus)
        return device

    def count_jobs(self, threads: int, device: str) -> int:
        """How many trials run at the same time on this machine."""
        return self.jobs or default_jobs(threads, device, self._processes)

    @contextmanager
    def open(self, device: str, threads: int) -> Iterator[Workplace]:
        """Prepare what runs trials, for the time of the block.

        Args:
            device: as `choose_device` returns it.
            threads: of a process.

        Raises:
            UserError: if there is no cluster, or none of its machines has room for a trial.
        """
        if self.executor == "processes":
            from benchmark.execution.process_pool import run_trials

            jobs = self.count_jobs(threads, device)
            yield Workplace(
                device,
                jobs,
                lambda trials, context: run_trials(
                    trials, context, min(jobs, len(trials)), self._processes
                ),
            )
            return
        from benchmark.execution.ray_cluster import Share, connect
        from benchmark.execution.ray_executor import run_on_cluster

        with connect(self.address) as cluster:
            device = cluster.choose_device(device)
            self._check_gpus(device)
            share = Share(threads, 0.0 if device == "cpu" else self.gpus or 1.0)
            if self.jobs is None:
                cluster.check_room(share)
            yield Workplace(
                device,
                self.jobs or share.count_places(cluster.machines),
                lambda trials, context: run_on_cluster(cluster, trials, context, share, self.jobs),
            )

    @property
    def _processes(self) -> int:
        return max(1, int(self.gpus or 1))

    def _check_gpus(self, device: str) -> None:
        if device == "cpu" and self.gpus is not None:
            raise UserError("--gpus-per-trial: there is no GPU, or --device cpu; omit it.")

    def _check_gpus_here(self, device: str, gpus: float) -> None:
        """Refuse what a launcher or this machine cannot do."""
        if count_launched() > 1:
            raise UserError("--gpus-per-trial: under a launcher all work on one trial; omit it.")
        if gpus < 1:
            raise UserError(f"--gpus-per-trial {gpus:g}: only Ray divides GPUs; use 1 or more.")
        if ":" in device:
            raise UserError(f"--device {device}: with --gpus-per-trial use --device cuda.")
        jobs, found = self.jobs or 1, count_gpus()
        if (needed := int(gpus) * jobs) > found:
            many = f" for {jobs} jobs" if jobs > 1 else ""
            raise UserError(
                f"--gpus-per-trial {gpus:g}: torch finds {found} GPUs and {needed} are needed"
                f"{many}; use fewer."
            )
