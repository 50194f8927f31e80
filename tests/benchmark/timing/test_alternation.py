from __future__ import annotations

import itertools

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


def test_what_counts_are_seconds_of_the_processor(monkeypatch):
    clock = itertools.count(0, 3)
    monkeypatch.setattr("benchmark.timing.alternation.time.process_time", lambda: next(clock))
    ours, theirs = alternate(contender("a", 1, []), contender("b", 1, []), sentences=1, repeats=2)
    assert ours.seconds == theirs.seconds == (3, 3)
