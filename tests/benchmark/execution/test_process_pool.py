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
    "limits.test=4", "budget.updates=300", "training.validate_every=100",
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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    call = start(folder, "--jobs", "1")
    assert call.wait(PATIENCE_S) == 0, call.communicate()
    return made(folder)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_sigterm_ends_a_run_at_a_checkpoint_and_the_same_command_resumes(
    tmp_path, undisturbed, jobs
):
    call = start(tmp_path, "--jobs", jobs)
    wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    call.send_signal(signal.SIGTERM)
    out, err = call.communicate(timeout=PATIENCE_S)
    assert call.returncode == 75, err
    assert out == "" and "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"stopped (SIGTERM to process {call.pid}): 0 of 2 trials are finished; run the same command"
        " again to resume"
    )
    kept = wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    assert 0 < json.loads(kept.read_text())["update"] < 300
    leases = [path for path in tmp_path.glob("runs/leases/*/*") if read_owner(path)]
    assert leases == []
    call = start(tmp_path, "--jobs", jobs)
    assert call.wait(PATIENCE_S) == 0, call.communicate()
    assert made(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_killed_process_of_a_pool_is_replaced(tmp_path, undisturbed):
    call = start(tmp_path, "--jobs", "2")
    wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    owners = [found[0] for p in tmp_path.glob("runs/leases/trial/*") if (found := read_owner(p))]
    os.kill(owners[0].pid, signal.SIGKILL)
    _, err = call.communicate(timeout=PATIENCE_S)
    assert call.returncode == 0, err
    assert f"the process of {owners[0].what} was lost: it is resumed" in err
    assert made(tmp_path) == undisturbed


@pytest.mark.slow
def test_four_workers_of_one_store_of_which_one_is_killed(tmp_path, undisturbed):
    calls = [start(tmp_path, "--jobs", "1") for _ in range(4)]
    lease = wait_for(tmp_path, "runs/leases/trial/*/1")
    wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    owner, _ = read_owner(lease.parent)
    next(call for call in calls if call.pid == owner.pid).kill()
    ends = [(call.communicate(timeout=PATIENCE_S)[1], call.returncode) for call in calls]
    assert sorted(code for _, code in ends) == [-signal.SIGKILL, 0, 0, 0], ends
    assert made(tmp_path) == undisturbed
    said = [err for err, code in ends if code == 0]
    assert all("2 trials, 0 of them cached" in err for err in said)
