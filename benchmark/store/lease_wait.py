"""Waiting for a lease that another process has, and saying so."""

from __future__ import annotations

import time
from pathlib import Path

from benchmark.runtime.command_line import note
from benchmark.store.lease import HeldError, Lease, take

PATIENCE_S = 1.0
"""Seconds after which a wait is announced."""
POLL_S = 0.2
"""Seconds between two looks at the lease of another process."""


def wait_for_lease(folder: Path, what: str) -> Lease:
    """Take the lease of a folder once nobody else has it.

    Args:
        folder: of the lease.
        what: is written under it; part of what is said of a wait.

    Raises:
        OSError: if the folder cannot be written.
    """
    started, told = time.monotonic(), False
    while True:
        try:
            return take(folder, what)
        except HeldError as held:
            if not told and time.monotonic() - started > PATIENCE_S:
                told = True
                note(f"note: waiting for {what}: {held.owner} writes it.")
            time.sleep(POLL_S)
