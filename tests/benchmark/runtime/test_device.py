"""Devices by name, and memory that stays with the process."""

from __future__ import annotations

import resource

import pytest
import torch

from benchmark.api import UserError
from benchmark.runtime.allocator import keep_freed_memory
from benchmark.runtime.device import choose_device, use_device
from benchmark.runtime.distributed import start


@pytest.fixture
def two_gpus(monkeypatch):
    chosen: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    return chosen


def test_a_gpu_is_chosen_by_its_number(two_gpus):
    assert choose_device("cuda:1") == "cuda:1" and two_gpus == ["cuda:1"]
    assert choose_device("cuda") == choose_device("auto") == "cuda"
    use_device("cpu")
    assert two_gpus == ["cuda:1"]


@pytest.mark.parametrize("name", ["cuda:2", "cuda:", "cuda:01", "cuda:-1", "gpu", "cuda:x"])
def test_a_gpu_that_does_not_exist_is_refused(name, two_gpus):
    with pytest.raises(UserError, match=r"use auto, cpu, cuda or cuda:1|torch finds 2 GPUs"):
        choose_device(name)
    assert not two_gpus


def test_one_gpu_for_all_processes_of_a_launcher_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="gives each process its own GPU"):
        start("cuda:1")


def test_freed_memory_comes_back_without_faults():
    if not keep_freed_memory():
        pytest.skip("another C library than GNU's")
    pages = 8 * 2**20 // resource.getpagesize()

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(2 * 2**20)  # 8 MiB
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    # A block that was freed may join its neighbours, so that the next one comes from elsewhere;
    # mapped anew, as without the options, every one has its faults.
    assert min(faults() for _ in range(5)) < pages / 10
