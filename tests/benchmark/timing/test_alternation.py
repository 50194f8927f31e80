from __future__ import annotations

import torch
from torch import nn

from benchmark.timing.alternation import Contender, alternate


def contender(name, calls, log):
    network = nn.Linear(4, 2)

    def run():
        log.append(name)
        for _ in range(calls):
            network(torch.zeros(3, 5, 4))

    return Contender(name, run, network=network, module=network)


def test_turns_change_and_warm_up_is_not_timed():
    log: list[str] = []
    ours, theirs = alternate(
        contender("a", 2, log), contender("b", 1, log), sentences=3, repeats=3
    )  # fmt: skip
    assert log == ["a", "a", "b", "b", "a", "b", "b", "a", "a", "b"]
    assert (len(ours.seconds), len(theirs.seconds)) == (3, 3)
    assert (ours.calls, theirs.calls) == (2, 1)
    # Two calls with three rows of five positions, for three sentences.
    assert (ours.positions, theirs.positions) == (10.0, 5.0)
    assert ours.parameters == 10
