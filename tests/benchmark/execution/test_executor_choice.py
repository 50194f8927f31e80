"""Flags that say who runs trials: what contradicts itself, and how many trials run at once."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import pytest
import torch

from benchmark.api import UserError
from benchmark.execution.executor_choice import ExecutorChoice, Workplace
from benchmark.run import main


@pytest.fixture
def four_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", lambda name: None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--address auto", "--address auto is of a Ray cluster: add --executor ray."),
        ("--gpus-per-trial 1 --device cpu", "--gpus-per-trial: there is no GPU"),
        ("--gpus-per-trial 0.5", "--gpus-per-trial 0.5: only Ray divides GPUs"),
        ("--gpus-per-trial 8", "--gpus-per-trial 8: torch finds 4 GPUs and 8 are needed;"),
        ("--gpus-per-trial 2 --jobs 3", "torch finds 4 GPUs and 6 are needed for 3 jobs;"),
        ("--gpus-per-trial 2 --device cuda:1", "use --device cuda."),
        ("--gpus-per-trial 1.5", "'1.5' is no number of GPUs"),
        ("--gpus-per-trial 0", "'0' is no number of GPUs"),
        ("--executor ray --device cuda:1", "--device cuda:1: Ray gives out GPUs"),
        ("--executor ray --device cpu --gpus-per-trial 2", "--gpus-per-trial: there is no GPU"),
    ],
)
def test_flags_that_contradict_each_other_are_one_sentence(words, sentence, capsys, four_gpus):
    try:
        code = main(["--task", "dialogue", *words.split()])
    except SystemExit as left:
        code = left.code
    assert code == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_under_a_launcher_ray_starts_nothing(monkeypatch, four_gpus):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for choice in (ExecutorChoice("ray"), ExecutorChoice(gpus=2.0)):
        with pytest.raises(UserError, match="launcher"):
            choice.choose_device("cuda")


def test_without_ray_a_sentence_says_how_to_install_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.chdir(tmp_path)
    words = ["--suite", "tiny", "--task", "all", "--system", "copy-source", "--executor", "ray"]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "error: --executor ray needs a package: pip install 'diffuseq-bench[ray]'.\n"
    )


@pytest.mark.parametrize(
    ("gpus", "jobs", "device", "count"),
    [
        (None, None, "cuda", 4),
        (None, None, "cuda:1", 1),
        (None, 3, "cuda", 3),
        (1.0, None, "cuda", 4),
        (2.0, None, "cuda", 2),
        (3.0, None, "cuda", 1),
        (None, None, "cpu", 6),
    ],
)
def test_as_many_trials_as_fit(gpus, jobs, device, count, four_gpus, monkeypatch):
    monkeypatch.setattr("benchmark.runtime.device.count_cores", lambda: 12)
    assert ExecutorChoice(gpus=gpus, jobs=jobs).count_jobs(2, device) == count


@pytest.mark.slow
def test_a_dry_run_under_ray_counts_the_places_of_the_cluster(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    cluster = Workplace("cuda", 3, lambda trials, context: iter(()))
    monkeypatch.setattr(ExecutorChoice, "open", lambda *_: nullcontext(cluster))
    words = ["--task", "all", "--system", "copy-source", "--executor", "ray", "--device", "cuda"]
    assert main([*words, "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(" in 3 processes\n")
    assert "note: this machine has no GPU: times are those of its processor." in err
