from __future__ import annotations

import pytest

from benchmark.timing.random_texts import Size
from benchmark.timing.transformer_speed import measure_size

TINY = Size(dim=16, heads=2, ffn=32, layers=1, vocab=60, source=6, target=5, batch=3)


@pytest.mark.slow
def test_both_sides_do_the_same_work():
    result = measure_size("transformer-tiny", TINY, repeats=2)
    assert (result.ours.calls, result.theirs.calls) == (5, 5)
    assert (result.ours.positions, result.theirs.positions) == (5.0, 5.0)
    assert abs(result.ours.parameters / result.theirs.parameters - 1) < 0.1
    assert "each sentence has 5 tokens" in result.conditions
    assert result.ratio > 0
