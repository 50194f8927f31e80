"""Trials on a Ray cluster of two machines: lost workers and machines change no number."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from killed_runs import PATIENCE_S, ROOT, find_owners, made, start, wait_for

from benchmark.api import UserError
from benchmark.execution.process_pool import run_trials
from benchmark.execution.ray_cluster import Share, connect
from benchmark.execution.ray_executor import (
    MARKS_KEPT_S,
    RayExecutor,
    Report,
    _Worker,
    run_on_cluster,
)
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.store.entries import Store
from benchmark.store.lease import take

MISSING = "Ray is not installed: pip install 'diffuseq-bench[ray]', or tox -e ray"
NANO = str(ROOT / "tests" / "suites" / "nano.yaml")


@pytest.mark.parametrize(
    ("share", "places"),
    [
        (Share(1), 1 + 8 + 6),
        (Share(4), 2 + 1),
        (Share(2, 1.0), 2 + 1),
        (Share(1, 0.1), 8 + 6),  # tenths: 10 and 20 would fit on the GPUs
        (Share(2, 2.0), 1),  # four cores: two processes
        (Share(16), 0),
    ],
)
def test_machines_hold_as_many_trials_as_their_scarcest_resource(share, places):
    machines = [{"CPU": 1.0}, {"CPU": 8.0, "GPU": 2.0}, {"CPU": 6.0, "GPU": 1.0}]
    assert share.count_places(machines) == places


def test_a_share_is_said_in_words():
    assert str(Share(1)) == "1 core" and str(Share(2, 0.5)) == "2 cores and 0.5 GPU"
    assert str(Share(2, 4.0)) == "8 cores and 4 GPUs"


@pytest.fixture(scope="module", autouse=True)
def variables() -> Iterator[None]:
    """Of this process, before it imports Ray, and of all that it starts."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patched.setenv("RAY_AUTH_MODE", "token")
        patched.setenv("RAY_AUTH_TOKEN", secrets.token_hex())
        patched.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    pytest.importorskip("ray", reason=MISSING)
    from ray.cluster_utils import Cluster

    started = Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    started.add_node(num_cpus=1)
    yield started
    started.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, str]:
    """What an undisturbed run on this machine makes."""
    folder = tmp_path_factory.mktemp("whole")
    call = start(folder, "--jobs", "1")
    assert call.wait(PATIENCE_S) == 0, call.communicate()
    return made(folder)


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_a_stopped_run_resumes(cluster, whole, tmp_path):
    on_ray = ["--executor", "ray", "--address", cluster.address]
    call = start(tmp_path, *on_ray)
    wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    lost = find_owners(tmp_path)[0]
    worker = psutil.Process(lost.pid).parent()
    assert worker is not None and "RemotePool" in worker.name() + "".join(worker.cmdline())
    worker.kill()
    # The next number of its lease is that of the worker that takes its place.
    wait_for(tmp_path, "runs/leases/trial/*/2")
    call.send_signal(signal.SIGTERM)
    out, err = call.communicate(timeout=PATIENCE_S)
    assert call.returncode == 75, err
    assert out == "" and "Traceback" not in err and "(raylet)" not in err
    assert f"the process of {lost.what} was lost: it is resumed" in err
    assert "of 2 trials are finished; run the same command again to resume" in err
    assert not find_owners(tmp_path)
    resumed = start(tmp_path, *on_ray)
    out, err = resumed.communicate(timeout=PATIENCE_S)
    assert resumed.returncode == 0, err
    assert out == "reports/nano\n"
    said = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert "cached" in said[0] and all(line.endswith(": done") for line in said[1:])
    assert made(tmp_path) == whole != {}
    assert not list((tmp_path / "runs").glob(".workers-*"))


@pytest.mark.slow
def test_the_trial_of_a_lost_machine_goes_on_elsewhere(cluster, whole, tmp_path):
    call = start(tmp_path, "--executor", "ray", "--address", cluster.address, "--jobs", "2")
    until = time.monotonic() + PATIENCE_S
    while len(owners := find_owners(tmp_path)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    wait_for(tmp_path, "runs/train/*.partial/checkpoint/progress.json")
    (machine,) = cluster.worker_nodes
    cluster.remove_node(machine, allow_graceful=False)
    out, err = call.communicate(timeout=PATIENCE_S)
    assert call.returncode == 0, err
    assert out == "reports/nano\n" and err.count("was lost: it is resumed") == 1
    assert any(f"the process of {owner.what} was lost" in err for owner in owners)
    assert made(tmp_path) == whole


@pytest.mark.slow
def test_several_processes_work_on_a_trial_together_as_here(cluster, tmp_path):
    cluster.add_node(num_cpus=2, num_gpus=2)  # GPUs by name alone: the trial is on the CPU
    suite = load_suite(NANO, ["limits.train=40", "limits.test=3", "budget.updates=20"])
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    here, there = RunContext(Store(tmp_path / "here")), RunContext(Store(tmp_path / "there"))
    stages = set()
    (trial,) = plan.trials
    with connect(cluster.address) as connected:
        assert connected.choose_device("auto") == "cuda"
        with pytest.raises(UserError, match="No machine of the Ray cluster has 3 cores and 3 GPUs"):
            connected.check_room(Share(1, 3.0))
        watched = RunContext(there.store, on_stage=lambda *said: stages.add(said[:2]))
        outcomes = list(run_on_cluster(connected, plan.trials, watched, Share(1, 2.0), None))
        old, young = (there.store.root / f".workers-{name}" for name in ("old", "young"))
        for mark, age_s in ((old, MARKS_KEPT_S + 60.0), (young, MARKS_KEPT_S - 60.0)):
            mark.touch()
            os.utime(mark, (time.time() - age_s,) * 2)
        executor = RayExecutor(connected, plan.trials, there, Share(1), None)
        assert young.exists() and not old.exists()
        lease = take(there.store.root / "leases" / "trial" / trial.key, trial.name)
        path = lease.folder / str(lease.number)
        path.write_text(path.read_text().replace(lease.owner.place, "a lost machine"))
        assert there.store.find_owner("trial", trial.key) is not None
        said = Report(place="a lost machine", pids=(lease.owner.pid,))
        begun = executor._remote.remote(executor._begin)
        executor._bury(_Worker(begun, said, number=0), ConnectionError())
        assert there.store.find_owner("trial", trial.key) is None
        assert executor.collect(1.0) == [(0, None)]
        executor.close()
    assert [(of.errors, of.made > 2) for of in outcomes] == [((), True)]
    assert (trial.name, "train") in stages
    list(run_trials(plan.trials, here, 1, processes=2))
    key = trial.train_key
    both = [context.store.record("train", key) for context in (here, there)]
    assert [of and (of["processes"], of["summary"]["system_digest"]) for of in both] == [
        (2, both[0]["summary"]["system_digest"])
    ] * 2


@pytest.mark.slow
def test_a_missing_token_is_one_sentence(cluster, tmp_path):
    words = [sys.executable, "-m", "benchmark.run", "--suite", NANO, "--task", "dialogue"]
    words += ["--system", "transformer", "--dry-run", "--executor", "ray"]
    environment = {k: v for k, v in os.environ.items() if k != "RAY_AUTH_TOKEN"}
    environment["HOME"] = str(tmp_path)  # a token may lie there
    done = subprocess.run(
        [*words, "--address", cluster.address],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"error: --executor ray: no cluster at {cluster.address}")
    assert "Traceback" not in done.stderr


def test_where_nobody_listens_is_one_sentence():
    pytest.importorskip("ray", reason=MISSING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    told = pytest.raises(UserError, match=f"no cluster at {address} .*ray start --head")
    with told, connect(address):
        pass
