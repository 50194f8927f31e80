"""Two processes on the CPU are as one: the shares, the loss curve, the candidates, the failures.

Called as a script by a launcher, this file is the program of the processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

import benchmark.runtime.distributed
import benchmark.training.trainer
from benchmark import run
from benchmark.api import UserError
from benchmark.execution.executor_choice import ExecutorChoice
from benchmark.experiment.configuration import fill
from benchmark.experiment.plan import load_limited, make_plan
from benchmark.experiment.recipes import Budget
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import build_system
from benchmark.generation.measured_generation import generate
from benchmark.runtime.device import set_threads
from benchmark.runtime.distributed import (
    ALONE,
    Processes,
    ProcessLostError,
    count_launched,
    merge_round_robin,
    start,
)
from benchmark.tasks import Task
from benchmark.training.trainer import Trainer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
NANO = str(ROOT / "tests" / "suites" / "nano.yaml")
UPDATES = 20
CASES = {
    "even": ("diffuseq", ["diffuseq.timesteps=uniform", "diffuseq.dropout=0"]),
    # Few steps, so that the history is warm and steers the second half of the curve.
    "learnt": (
        "diffuseq",
        [
            "diffuseq.dropout=0",
            "diffuseq.diffusion_steps=4",
            "diffuseq.decoding.nfe=4",
            "diffuseq.nfe=[]",
            "training.micro_batch=5",
            "training.batch=13",
        ],
    ),
    "tokens": (
        "transformer",
        ["transformer.dropout=0", "training.micro_batch=5", "training.batch=13"],
    ),
    "canvas": ("d3pm-absorbing", ["d3pm-absorbing.dropout=0", "d3pm-absorbing.stratified_times=0"]),
}


@lru_cache
def dialogue() -> Task:
    return load_limited(load_suite(NANO), "dialogue", None)


def train(case: str, folder: Path, processes: Processes = ALONE, updates: int = UPDATES):
    """Losses and validation losses of a case, one an update, and its Trainer."""
    set_threads(1)
    system_id, changes = CASES[case]
    constant = ["training.schedule=constant", "training.validate_every=4"]
    suite, task = load_suite(NANO, changes + constant), dialogue()
    plan = make_plan(suite, tasks=["dialogue"], systems=[system_id], data_dir=None)
    trainer = Trainer(
        build_system(plan.trials[0]),
        task.train,
        task.valid,
        recipe=suite.training_of(system_id).model_copy(
            update={"checkpoint_s": 1e-9 if updates < UPDATES else 99}
        ),
        budget=Budget(updates=updates),
        seed=1,
        folder=folder,
        processes=processes,
    )
    with patch.object(benchmark.training.trainer, "LOG_EVERY", 1):
        trainer.run()
    return trainer, task


def curve(folder: Path) -> list[tuple[str, int, float, int | None]]:
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    return [(e["kind"], e["update"], e["loss"], e.get("tokens")) for e in events]


def candidates(trainer: Trainer, task, processes: Processes):
    system = trainer.system
    made = generate(
        system, task.test, fill(type(system).Decoding, {}, ""), num_samples=2, seed=1, batch=4,
        processes=processes,
    )  # fmt: skip
    return made.candidates, (made.cost.depth, made.cost.rows, made.cost.tokens)


def weights(trainer: Trainer) -> str:
    state = trainer.system.module.state_dict()
    data = b"".join(value.numpy().tobytes() for value in state.values())
    return hashlib.sha256(data).hexdigest()


def program(folder: Path) -> None:
    """What each of two processes does: all cases, and one that goes on from one process."""
    processes = start("cpu")
    told: dict[str, object] = {"count": processes.count}
    for case in CASES:
        trainer, task = train(case, folder / f"{case}-two", processes)
        told[f"{case} weights"] = processes.gather(weights(trainer))
    told["same candidates"] = processes.gather(
        candidates(trainer, task, processes) == candidates(trainer, task, ALONE)
    )
    train("learnt", folder / "one-then-two", processes)
    train("learnt", folder / "two-then-one", processes, updates=8)
    rows = torch.arange(3 + processes.rank).reshape(-1, 1)
    told["joined"] = processes.gather_rows(rows).flatten().tolist()
    if processes.is_main:
        (folder / "told.json").write_text(json.dumps(told))
    processes.leave()


def lose(how: str) -> None:
    """What two processes do of which the second is killed, or fails where the first does not."""
    benchmark.runtime.distributed.GRACE_S = 1.0
    processes = start("cpu")
    processes.barrier()
    error = ""
    try:
        if processes.rank == 1 and how == "killed":
            os._exit(9)
        if processes.rank == 1:
            raise RuntimeError("out of paper")
        if how == "failed at work":
            processes.gather("what the second never gives")
    except RuntimeError as failed:
        error = str(failed)
    try:
        told = " / ".join(["settled:", *processes.gather_errors(error)])
    except ProcessLostError as lost:
        told = f"lost: {lost.sentence}"
    sys.stdout.write(told)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        lose(sys.argv[2])
    program(Path(sys.argv[1]))
    sys.exit(0)


needs_gloo = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="torch was built without distributed or gloo",
)


def environment(**more: str) -> dict[str, str]:
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    } | more  # fmt: skip


def test_shares_cover_all_rows_and_differ_by_one_at_most() -> None:
    for size in range(20):
        for count in range(1, 7):
            parts = [list(range(size))[Processes(rank, count).share(size)] for rank in range(count)]
            assert [row for part in parts for row in part] == list(range(size))
            lengths = {len(part) for part in parts}
            assert max(lengths) - min(lengths) <= 1


def test_merge_undoes_round_robin() -> None:
    for size in range(20):
        for count in range(1, 7):
            items = [f"item {i}" for i in range(size)]
            parts = [Processes(rank, count).round_robin(items) for rank in range(count)]
            assert merge_round_robin(parts) == items


def test_one_process_is_an_identity() -> None:
    rows = torch.zeros(2, 3)
    assert ALONE.is_main and ALONE.share(7) == slice(0, 7)
    assert ALONE.gather_rows(rows) is rows
    assert ALONE.gather("a") == ["a"] and ALONE.sums([1, 2]) == [1, 2] and ALONE.broadcast(3) == 3
    assert ALONE.gather_errors("out of ink") == ["out of ink"]


def test_a_launcher_that_started_one_is_told(monkeypatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert count_launched() == 1
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert count_launched() == 1
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(UserError, match="torchrun"):
        count_launched()


def test_more_processes_than_gpus(monkeypatch) -> None:
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, "99")
    with pytest.raises(UserError, match="99 processes were started but torch finds"):
        start("cuda")


def test_jobs_under_a_launcher(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--suite", NANO, "--task", "dialogue", "--system", "copy-source", "--jobs", "2"]
    with pytest.raises(UserError, match="omit --jobs"):
        options = run.parser().parse_args(words)
        run._run(options, words, ExecutorChoice(jobs=2), "cpu", Processes(0, 2))


def test_a_batch_too_small_to_share(tmp_path) -> None:
    for words in (["training.batch=3"], ["training.batch=9", "training.micro_batch=4"]):
        suite = load_suite(NANO, words)
        with pytest.raises(UserError, match=r"batch of (3|1) examples cannot be divided among 4"):
            Trainer(
                type("Fake", (), {"module": torch.nn.Linear(1, 1), "id": "fake"})(), [0], [],
                recipe=suite.training, budget=Budget(updates=1), seed=1, folder=tmp_path,
                processes=Processes(0, 4),
            )  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """The folder where two processes, launched by torch, ran `program`."""
    folder = tmp_path_factory.mktemp("two")
    train("learnt", folder / "one-then-two", updates=8)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, __file__, str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    train("learnt", folder / "two-then-one")
    return folder


@needs_gloo
@pytest.mark.parametrize("case", CASES)
def test_the_loss_curve_is_that_of_one_process(two, tmp_path, case) -> None:
    trainer, _ = train(case, tmp_path)
    one, both = curve(tmp_path), curve(two / f"{case}-two")
    assert len(one) == UPDATES + UPDATES // 4
    for expected, found in zip(one, both, strict=True):
        assert found[:2] == expected[:2] and found[3] == expected[3]
        assert found[2] == pytest.approx(expected[2], rel=2e-5)
    if case == "learnt":
        p = trainer.system.module.timesteps.probabilities()
        assert float(p.max() - p.min()) > 0.01


@needs_gloo
def test_processes_keep_the_same_weights_and_give_the_same_candidates(two) -> None:
    told = json.loads((two / "told.json").read_text())
    assert told["count"] == 2
    for case in CASES:
        first, second = told[f"{case} weights"]
        assert first == second
    assert told["same candidates"] == [True, True]
    assert told["joined"] == [0, 1, 2, 0, 1, 2, 3]


@needs_gloo
@pytest.mark.parametrize("resumed", ["one-then-two", "two-then-one"])
def test_resumed_by_another_number_of_processes(two, resumed) -> None:
    whole, parts = curve(two / "learnt-two"), curve(two / resumed)
    assert [x for x in parts if x[0] == "train"][-1][1] == UPDATES
    # The end of the first part validated once more than the unbroken run did.
    for expected, found in zip(whole, parts, strict=True):
        assert found[:2] == expected[:2]
        assert found[2] == pytest.approx(expected[2], rel=2e-5)


@needs_gloo
@pytest.mark.parametrize(
    ("how", "first", "second"),
    [
        ("failed", "settled: /  / out of paper", "settled: /  / out of paper"),
        ("failed at work", "lost:", "lost: process 2 of 2: out of paper"),
        ("killed", "lost:", ""),
    ],
)
def test_a_lost_process_ends_the_other_without_a_launcher(tmp_path, how, first, second) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [
        subprocess.Popen(
            [sys.executable, __file__, str(tmp_path), how],
            env=environment(
                RANK=rank, LOCAL_RANK=rank, WORLD_SIZE="2", LOCAL_WORLD_SIZE="2",
                MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
            ),
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]  # fmt: skip
    try:
        told = [process.communicate(timeout=120)[0].strip() for process in both]
    finally:
        for process in both:
            process.kill()
    assert told == [first, second]


BROKEN = """\
import os
from baselines.yardsticks import CopySource
class Everywhere(CopySource):
    id = "everywhere"
    def generate(self, *a, **k):
        raise RuntimeError("out of ink")
class Second(CopySource):
    id = "second"
    def generate(self, *a, **k):
        if os.environ["RANK"] == "1":
            raise RuntimeError("out of paper")
        return super().generate(*a, **k)
"""


@needs_gloo
def test_the_command_under_accelerate(tmp_path, monkeypatch, capfd) -> None:
    """Candidates of stored weights byte for byte; one voice; failures of all and of one."""
    (tmp_path / "broken.py").write_text(BROKEN)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    words = ["--suite", NANO, "--task", "dialogue", "--device", "cpu", "--set", "budget.updates=3"]
    words += ["evaluation.batch=4", "diffuseq.nfe=[]", "diffuseq.sweep={}", "transformer.sweep={}"]
    words += ["d3pm-absorbing.nfe=[]", "--system", "diffuseq", "transformer"]
    monkeypatch.chdir(tmp_path / "one")
    assert run.main([*words, "--jobs", "1"]) == 0
    shutil.copytree(tmp_path / "one/runs/train", tmp_path / "two/runs/train")
    capfd.readouterr()
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launch += ["--num_processes", "2", "--main_process_port", "0", "-m", "benchmark.run"]
    done = subprocess.run(
        [*launch, *words, "d3pm-absorbing", "broken:Everywhere", "copy-source", "broken:Second"],
        cwd=tmp_path / "two",
        env=environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)])),
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stderr
    assert done.returncode == 1, told
    for line in ("diffuseq", "transformer", "d3pm-absorbing", "copy-source"):
        assert told.count(f"dialogue / {line} / seed 1: done\n") == 1, told
    assert told.count("dialogue / broken:Everywhere / seed 1: failed\n") == 1, told
    assert told.count("failed: process 2 of 2: RuntimeError: out of paper\n") == 1, told
    failures = (tmp_path / "two/runs/generate").glob("*.failed.json")
    assert {json.loads(path.read_text())["error"] for path in failures} == {
        "RuntimeError: out of ink", "process 2 of 2: RuntimeError: out of paper",
    }  # fmt: skip
    expected = sorted((tmp_path / "one/runs/generate").glob("*/candidates.jsonl"))
    assert expected
    for path in expected:
        again = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert again.read_bytes() == path.read_bytes()
