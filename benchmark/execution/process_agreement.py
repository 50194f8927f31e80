"""Whether the processes of a launcher, which may be on several machines, can work on one plan."""

from __future__ import annotations

import os

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.runtime.distributed import Processes
from benchmark.store.entries import Store
from benchmark.store.provenance import code


def check_agreement(plan: Plan, store: Store, processes: Processes) -> None:
    """Refuse processes on other machines that see other data, other code or another store.

    Raises:
        UserError: if any process disagrees.
    """
    keys = [code()["digest"], *(of.key for trial in plan.trials for of in trial.decoded)]
    everywhere = processes.gather(keys)
    for rank, others in enumerate(everywhere):
        if others != everywhere[0]:
            raise UserError(
                f"Process {rank + 1} of {processes.count} has other code or data than the first:"
                " install the same on every machine."
            )
    mark = store.root / f".processes-{os.environ.get('MASTER_PORT', '')}"
    if processes.is_main:
        store.prepare()
        mark.touch()
    processes.barrier()
    seen = processes.gather(mark.exists())
    if processes.is_main:
        mark.unlink()
    if not all(seen):
        raise UserError(
            f"Process {seen.index(False) + 1} of {processes.count} does not see the store"
            f" {store.root} of the first: name a folder that all machines share with --store."
        )
