"""A Ray cluster: what its machines hold, and the connection to it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from benchmark.api import UserError
from benchmark.runtime.device import count_cores

LOOK_S = 5.0
"""Seconds between two looks at the machines of the cluster."""
ANSWER_S = 10.0
"""Seconds that a cluster has to answer; Ray itself would try without end."""


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


@contextmanager
def connect(address: str | None) -> Iterator[RayCluster]:
    """Connect to a cluster for the time of the block.

    Args:
        address: as Ray has it; None = that of `RAY_ADDRESS`, and without it a cluster of this
            machine alone, which ends with the block.

    Raises:
        UserError: if Ray is not installed, or no cluster answers.
    """
    # Of a cluster that this process starts; one that is there was asked by its `ray start`.
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
        except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split()).rstrip(".")
            raise UserError(
                f"--executor ray: no cluster at {address} ({said}); one that asks for a token needs"
                " RAY_AUTH_MODE=token and the token here, as docs/scale.md shows."
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
