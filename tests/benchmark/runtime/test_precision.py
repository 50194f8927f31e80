"""Precision of decoding: bf16 inside the network alone, and nothing by default."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.runtime.compilation import compiled
from benchmark.runtime.precision import calculating, resolve_precision


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.map = nn.Linear(64, 64)
        self.seen: list[torch.dtype] = []

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        made = self.map(x)
        self.seen.append(made.dtype)
        return made, x.argmax(-1)


@pytest.mark.parametrize(
    ("asked", "device", "supported", "used"),
    [
        ("float32", "cuda", True, "float32"),
        ("auto", "cuda", True, "bf16"),
        ("auto", "cuda:1", False, "float32"),
        ("auto", "cpu", True, "float32"),
        ("tf32", "cpu", True, "float32"),
        ("tf32", "cuda", True, "tf32"),
        ("bf16", "cpu", False, "bf16"),
    ],
)
def test_what_is_used_is_what_was_asked_for_where_the_device_has_it(
    asked, device, supported, used, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    assert resolve_precision(asked, device) == used


def test_products_are_bf16_and_results_float32():
    net, x = _Network(), torch.randn(8, 64)
    expected, ids = net(x)
    with calculating(net, "bf16", "cpu"):
        made, same = net(x)
    assert net.seen == [torch.float32, torch.bfloat16]
    assert made.dtype == torch.float32 and torch.equal(same, ids)
    difference = (made - expected).abs().max()
    assert 0 < difference < 0.05
    assert torch.equal(net(x)[0], expected) and "forward" not in vars(net)


def test_float32_leaves_the_network_alone():
    net = _Network()
    with calculating(net, "float32", "cpu"), calculating(None, "bf16", "cpu"):
        assert "forward" not in vars(net)


def test_tf32_is_switched_on_during_a_call_alone():
    products, seen = torch.backends.cuda.matmul, []
    before = products.fp32_precision
    net = nn.Identity()
    net.forward = lambda x: seen.append(products.fp32_precision) or x
    with calculating(net, "tf32", "cuda"):
        net(torch.ones(1))
    assert seen == ["tf32"] and products.fp32_precision == before != "tf32"
    # What was hidden is back.
    assert net(torch.ones(1)).item() == 1 and seen == ["tf32", before]


@pytest.mark.slow
def test_a_compiled_call_has_the_precision_too():
    net, x = _Network(), torch.randn(8, 64)
    with calculating(net, "bf16", "cpu"), compiled(net, "aot-eager"):
        made, _ = net(x)
    assert made.dtype == torch.float32 and torch.bfloat16 in net.seen
    assert "forward" not in vars(net)
