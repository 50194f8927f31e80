"""Runs that are told to stop, and pools of which a process is killed, end as undisturbed ones."""

from __future__ import annotations

import os
import signal

import pytest
from killed_runs import PATIENCE_S, made, start, wait_for

from benchmark.store.lease import read_owner


@pytest.mark.slow
def test_a_killed_process_is_replaced_and_sigterm_ends_at_a_checkpoint_that_resumes(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    undisturbed = start(whole, "--jobs", "1")
    call = start(parts, "--jobs", "2")
    wait_for(parts, "runs/train/*.partial/checkpoint/progress.json")
    owners = [found[0] for p in parts.glob("runs/leases/trial/*") if (found := read_owner(p))]
    os.kill(owners[0].pid, signal.SIGKILL)
    # The next number of its lease is that of the process that takes its place.
    wait_for(parts, "runs/leases/trial/*/2")
    call.send_signal(signal.SIGTERM)
    out, err = call.communicate(timeout=PATIENCE_S)
    assert call.returncode == 75, err
    assert out == "" and "Traceback" not in err
    assert f"the process of {owners[0].what} was lost: it is resumed" in err
    assert f"stopped (SIGTERM to process {call.pid}): " in err.splitlines()[-1]
    assert err.endswith(" of 2 trials are finished; run the same command again to resume\n")
    assert not [path for path in parts.glob("runs/leases/*/*") if read_owner(path)]
    assert undisturbed.wait(PATIENCE_S) == 0, undisturbed.communicate()
    resumed = start(parts, "--jobs", "1")
    assert resumed.wait(PATIENCE_S) == 0, resumed.communicate()
    assert made(parts) == made(whole) != {}
