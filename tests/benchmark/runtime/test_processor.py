"""Processors as two kinds of Linux describe them, and where there is no description."""

from __future__ import annotations

import platform

import pytest

from benchmark.runtime import processor
from benchmark.runtime.processor import describe_processor, name_device, name_processor

MILAN = """\
processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model		: 1
model name	: AMD EPYC
stepping	: 1
flags		: fpu sse4_1 fma avx smep ssse3 avx2

processor	: 1
model		: 9
"""
GRAVITON = """\
processor	: 0
BogoMIPS	: 2100.00
Features	: fp paca asimd sve bf16
CPU implementer	: 0x41
CPU part	: 0xd40
"""


@pytest.fixture
def describe(monkeypatch, tmp_path):
    """What is said of a processor, from the text of the system on it."""
    for limit in processor._CHOICES:
        monkeypatch.delenv(limit, raising=False)
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")

    def of(text: str) -> dict[str, str]:
        (tmp_path / "cpuinfo").write_text(text)
        return describe_processor()

    return of


def test_name_model_and_vector_instructions(describe):
    assert describe(MILAN) == {
        "cpu": "AMD EPYC",
        "cpu_model": "AuthenticAMD family 25 model 1 stepping 1",
        "cpu_instructions": "avx avx2 fma sse4_1 ssse3",
    }


def test_generations_of_one_name_are_told_apart(describe):
    genoa = MILAN.replace(": 1\nmodel name", ": 17\nmodel name").replace("avx2", "avx2 avx512f")
    one, other = describe(MILAN), describe(genoa)
    assert one["cpu"] == other["cpu"]
    assert one["cpu_model"] != other["cpu_model"]
    assert one["cpu_instructions"] != other["cpu_instructions"]


def test_a_limit_on_instructions_is_one_of_them(describe, monkeypatch):
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    assert describe(MILAN)["cpu_instructions"].endswith(" MKL_CBWR=AVX2")


def test_arm(describe):
    found = describe(GRAVITON)
    assert found["cpu_model"] == "implementer 0x41 part 0xd40"
    assert found["cpu_instructions"] == "asimd bf16 sve"


def test_a_processor_that_is_not_described_has_no_model(describe, monkeypatch, tmp_path):
    assert describe("")["cpu_model"] is None
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "none")
    found = describe_processor()
    assert found["cpu"] == (platform.processor() or platform.machine())
    assert found["cpu_model"] is None and found["cpu_instructions"] is None


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({"cpu": "AMD EPYC", "cpu_model": "model 1", "cores": 2}, "AMD EPYC, model 1"),
        ({"cpu": "AMD EPYC"}, "AMD EPYC"),
        ({}, ""),
    ],
)
def test_a_name_has_the_model_where_it_is_known(machine, name):
    assert name_processor(machine) == name


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({"device": "cuda:1", "gpu": "H200", "cpu": "EPYC"}, "H200"),
        ({"device": "cuda", "gpu": None, "cpu": "EPYC"}, "unknown GPU"),
        ({"device": "cpu", "gpu": "H200", "cpu": "EPYC", "cpu_model": "model 1"}, "EPYC, model 1"),
        ({"device": "cpu", "cpu": "EPYC"}, "EPYC of unknown model"),
        ({}, "unknown processor of unknown model"),
    ],
)
def test_a_device_is_what_computed(conditions, name):
    assert name_device(conditions) == name
