from __future__ import annotations

import pytest

from benchmark.timing.masked_speed import PAIRS, Player, measure_pair
from benchmark.timing.random_texts import Size
from benchmark.timing.speed_result import Result, Skipped

TINY = Size(dim=16, heads=2, ffn=32, layers=1, vocab=60, source=6, target=5, batch=3)


def test_pairs_are_measured_through_the_registry():
    nat, cmlm = PAIRS["nat"][0], PAIRS["cmlm"][0]
    result = measure_pair("tiny", (cmlm, nat), TINY, repeats=2, updates=2)
    assert isinstance(result, Result)
    assert (result.ours.name, result.theirs.name) == ("cmlm", "nat")
    assert (result.ours.calls, result.theirs.calls) == (10, 1)
    assert "trained for 2 updates" in result.conditions


@pytest.mark.slow
def test_one_length_is_learnt():
    nat = PAIRS["nat"][0]
    result = measure_pair("tiny", (nat, nat), TINY, repeats=1, updates=60)
    assert isinstance(result, Result)
    # bos and the five tokens of a target, its end among them.
    assert result.ours.positions == 6.0


def test_what_is_not_installed_is_skipped_with_the_line_that_brings_it(monkeypatch):
    from benchmark.experiment import registry

    entry = registry.SystemEntry(
        "far", "far.away:System", "iterative", "", requires=("no_such_module",), install="pip it"
    )
    known = registry._built_in()
    monkeypatch.setattr(registry, "_built_in", lambda: (*known, entry))
    skipped = measure_pair("tiny", (PAIRS["nat"][0], Player("far")), TINY, repeats=1)
    assert skipped == Skipped("tiny", "System 'far' needs no_such_module: pip it.")
