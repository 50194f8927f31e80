from __future__ import annotations

import logging

import pytest
import torch
from torch import nn

from benchmark.generation.measured_generation import CostMeter
from benchmark.runtime.compilation import _Compiled, _own, compiled


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))


@pytest.mark.slow
def test_traced_calls_are_the_same_function_and_are_counted():
    net, x = network(), torch.randn(3, 4)
    expected = net(x)
    with compiled(net, "aot-eager"), CostMeter(net).running() as meter:
        assert isinstance(net.forward, _Compiled)
        torch.testing.assert_close(net(x), expected)
        torch.testing.assert_close(net(x[:2]), expected[:2])
    assert meter.calls == 2
    assert "forward" not in vars(net) and torch.equal(net(x), expected)


@pytest.mark.slow
def test_gradients_are_those_of_the_plain_network():
    plain, traced, x = network(), network(), torch.randn(3, 4)
    plain(x).square().sum().backward()
    with compiled(traced, "aot-eager"):
        traced(x).square().sum().backward()
    for one, other in zip(plain.parameters(), traced.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.slow
def test_names_of_weights_stay():
    net = network()
    names = list(net.state_dict())
    with compiled(net, "aot-eager"):
        assert list(net.state_dict()) == names


@pytest.mark.slow
@pytest.mark.parametrize("how", [True, "cuda-graphs", "aot-eager"])
def test_where_compiling_fails_the_network_runs_as_written(how, monkeypatch, caplog):
    tried = []

    def broken(function, **options):
        def call(*args):
            tried.append(options)
            raise RuntimeError("no compiler here\nand a long story")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    net, x = network(), torch.randn(3, 4)
    expected = net(x)
    with caplog.at_level(logging.WARNING), compiled(net, how):
        assert torch.equal(net(x), expected) and torch.equal(net(x), expected)
    assert len(tried) == 1
    assert [r.getMessage() for r in caplog.records] == [
        "Sequential is not compiled: no compiler here"
    ]


@pytest.mark.slow
def test_what_a_graph_wrote_is_copied():
    """A replay writes into the memory of the one before."""
    memory = torch.zeros(2)

    class Graph:
        def __call__(self, x):
            memory.copy_(x)
            return memory

    made = _Compiled(nn.Identity(), nn.Identity().forward, "cuda-graphs")
    made.fast = Graph()
    first, second = made(torch.ones(2)), made(torch.full((2,), 2.0))
    assert first.tolist() == [1, 1] and second.tolist() == [2, 2]
    kept = _own((memory, 3))
    assert kept[0] is not memory and kept[1] == 3


class _CompilerError(Exception):
    """As torch wraps what happened within the compiler."""

    def __init__(self, inner_exception: Exception) -> None:
        super().__init__(str(inner_exception))
        self.inner_exception = inner_exception


@pytest.mark.parametrize("wrapped", [False, True])
def test_out_of_memory_is_no_failure_of_the_compiler(wrapped, caplog):
    out = torch.OutOfMemoryError("tried to allocate 2 GiB")
    net = network()
    made = _Compiled(net, net.forward, "aot-eager")

    def fail(x):
        raise _CompilerError(out) if wrapped else out

    made.fast = fail
    with pytest.raises(_CompilerError if wrapped else torch.OutOfMemoryError):
        made(torch.randn(3, 4))
    assert made.fast is fail and not caplog.records


def test_nothing_to_compile():
    with compiled(None, True), compiled(network(), False):
        pass
