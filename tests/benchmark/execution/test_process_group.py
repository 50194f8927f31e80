"""What the processes of a job see of the GPUs, and what several make of a trial together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
import torch
from killed_runs import PATIENCE_S, ROOT, wait_for

from benchmark.execution.process_group import divide_gpus
from benchmark.execution.process_pool import ProcessPool, run_trials
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.store.entries import Store
from benchmark.store.lease import read_owner

NANO = str(ROOT / "tests" / "suites" / "nano.yaml")
CHANGES = ["limits.train=40", "limits.test=3", "budget.updates=20"]


def test_each_job_has_gpus_of_its_own(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [divide_gpus("cuda", job, 1) for job in range(5)] == [["0"], ["1"], ["2"], ["3"], ["0"]]
    assert [divide_gpus("cuda", job, 2) for job in range(2)] == [["0", "1"], ["2", "3"]]
    assert divide_gpus("cpu", 1, 1) == divide_gpus("cuda:1", 1, 1) == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-7e, 5")
    assert [divide_gpus("cuda", job, 1) for job in range(3)] == [["GPU-7e"], ["5"], ["GPU-7e"]]


SEEING = """\
import os, pathlib, time
from baselines.yardsticks import CopySource
class Seeing(CopySource):
    id = "seeing"
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        folder = pathlib.Path(os.environ["SEEN"])
        (folder / f"{os.getpid()}").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
        while len(list(folder.iterdir())) < 2:
            time.sleep(0.01)
"""


@pytest.mark.slow
def test_processes_of_two_jobs_see_different_gpus(tmp_path, monkeypatch):
    (tmp_path / "seeing.py").write_text(SEEING)
    (tmp_path / "seen").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    suite = load_suite(NANO, [*CHANGES, "seeds=[1, 2]"])
    plan = make_plan(suite, tasks=["dialogue"], systems=["seeing:Seeing"], data_dir=None)
    # Where there is no GPU the trials fail, after they have seen what they would have.
    assert len(list(run_trials(plan.trials, RunContext(Store(tmp_path / "runs"), "cuda"), 2))) == 2
    assert sorted(path.read_text() for path in (tmp_path / "seen").iterdir()) == ["4", "7"]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"


@pytest.mark.slow
def test_two_processes_make_what_a_launcher_makes(tmp_path):
    suite = load_suite(NANO, CHANGES)
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    store = Store(tmp_path / "pool")
    outcomes = list(run_trials(plan.trials, RunContext(store), 1, processes=2))
    assert [of.errors for of in outcomes] == [()]
    words = ["--suite", NANO, "--task", "dialogue", "--system", "transformer", "--device", "cpu"]
    words += ["--store", "launched", "--records-only", "--set", *CHANGES]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launch, "-m", "benchmark.run", *words], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (key,) = {trial.train_key for trial in plan.trials}
    found = [
        json.loads((tmp_path / name / "train" / key / "record.json").read_text())
        for name in ("pool", "launched")
    ]
    assert [record["processes"] for record in found] == [2, 2]
    assert len({record["summary"]["system_digest"] for record in found}) == 1


@pytest.mark.slow
def test_one_of_two_processes_that_is_killed_ends_both_and_lets_go_of_the_trial(tmp_path):
    changes = [*CHANGES, "budget.updates=100000", "training.checkpoint_s=0.1"]
    suite = load_suite(NANO, changes)
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    pool = ProcessPool(plan.trials, RunContext(Store(tmp_path)), 1, processes=2)
    try:
        pool.submit(0)
        wait_for(tmp_path, "train/*.partial/checkpoint/progress.json")
        lease, both = tmp_path / "leases" / "trial" / plan.trials[0].key, pool.pids
        assert read_owner(lease) is not None
        os.kill(both[1], signal.SIGKILL)
        while not (ended := pool.collect(1.0)):
            pass
        assert ended == [(0, None)]
        assert not any(psutil.pid_exists(pid) for pid in both) and pool.pids == []
        # Other machines, which cannot look for a process of this one, see it at once.
        assert read_owner(lease) is None
    finally:
        pool.close()
