"""Runs that are told to stop, and pools of which a process is killed, end as undisturbed ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.store.lease import read_owner

ROOT = Path(__file__).parents[3]
WORDS = [
    "--suite", str(ROOT / "tests/suites/nano.yaml"), "--task", "paraphrase", "--records-only",
    "--system", "transformer", "gpt2", "--set", "limits.train=60", "limits.valid=4",
    "limits.test=4", "budget.updates=400", "training.validate_every=100",
    "training.checkpoint_s=0.1",
    "evaluation.metrics=[bleu_sent_m4]", "evaluation.controlled_metrics=[validity]",
    "evaluation.mbr.utilities=[]", "evaluation.interval.resamples=20",
]  # fmt: skip
PATIENCE_S = 600


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark.run", *WORDS, *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(folder: Path, pattern: str) -> Path:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := next(folder.glob(pattern), None):
            return found
        time.sleep(0.01)
    raise AssertionError(f"There is no {pattern} in {folder}.")


def made(folder: Path) -> dict[str, str]:
    """What was trained and generated, by key."""
    digests = {}
    for path in sorted(folder.glob("runs/*/*/record.json")):
        record = json.loads(path.read_text())
        said = record.get("candidates_digest") or record["summary"]["system_digest"]
        digests[f"{path.parent.parent.name}/{path.parent.name}"] = said
    return digests


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
