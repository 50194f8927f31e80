"""Philox: known answers, the golden numbers of earlier versions, few kernels for a draw."""

from __future__ import annotations

import logging
import shutil
import zlib

import pytest
import torch

from benchmark.api import philox as numbers
from benchmark.api.noise import row_seed
from benchmark.api.philox import draw_normal, draw_uniform, philox

FULL = 0xFFFFFFFF

# Known answers of Philox4x32-10 as published with the Random123 library (kat_vectors).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL, FULL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_known_answers(counter, key, words):
    made = philox(tuple(map(torch.tensor, counter)), tuple(map(torch.tensor, key)))
    assert tuple(torch.stack(made, dim=-1).flatten().tolist()) == words


def test_numbers_are_those_of_earlier_versions():
    """Made with version 0.5.0; the integers are exact, log and cos those of the machine."""
    keys = torch.tensor([row_seed(7, "a", 1)])
    uniform = draw_uniform(keys, 3, 5, zlib.crc32(b"t"))
    golden = ["0x1.15b67663cb74cp-3", "0x1.0f4ba33f9cf22p-1", "0x1.0ae2e35a21046p-1"]
    assert [value.hex() for value in uniform[0].tolist()] == golden
    normal = draw_normal(keys, 3, 5, zlib.crc32(b"reverse"))
    assert normal.dtype == torch.float32
    golden = ("-0x1.7d0b7c0000000p-1", "-0x1.b194500000000p-1", "-0x1.71eabc0000000p-3")
    expected = [float.fromhex(value) for value in golden]
    assert normal[0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["_normal", "_uniform"])
def test_a_compiled_draw_is_a_few_kernels_with_the_same_numbers(name):
    """As a GPU draws, compiled for the CPU, if there is a compiler of C++."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    metrics = pytest.importorskip("torch._inductor.metrics")
    written = getattr(numbers, name)
    keys = torch.tensor([row_seed(7, "a", k) for k in range(5)])
    address = torch.tensor(5), torch.tensor(zlib.crc32(b"reverse"))
    torch._dynamo.reset()
    metrics.reset()
    found = torch.compile(written, dynamic=True)(keys, 23, *address)
    assert 0 < metrics.generated_kernel_count <= 8
    torch.testing.assert_close(found, written(keys, 23, *address), rtol=0, atol=1e-6)


def test_where_compiling_fails_numbers_are_the_same_and_memory_errors_are_passed_on(
    monkeypatch, caplog
):
    keys, one = torch.tensor([3, 2**62]), numbers._NORMAL

    def fails(error):
        def compiles(*_, **__):
            raise error

        return compiles

    monkeypatch.setattr(one, "fast", None)
    monkeypatch.setattr(torch, "compile", fails(torch.OutOfMemoryError("full")))
    with pytest.raises(torch.OutOfMemoryError):
        one.draw(keys, 7, 2, 2**31)
    monkeypatch.setattr(torch, "compile", fails(RuntimeError("no compiler\nand more")))
    with caplog.at_level(logging.WARNING):
        found = [one.draw(keys, 7, 2, 2**31 + 1) for _ in range(2)]
    assert torch.equal(found[0], draw_normal(keys, 7, 2, 2**31 + 1))
    assert torch.equal(found[0], found[1])
    assert [r.getMessage().rpartition(": ")[2] for r in caplog.records] == ["no compiler"]
