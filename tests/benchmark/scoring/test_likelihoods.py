from __future__ import annotations

import math

import pytest

from benchmark.records.schema import LikelihoodValues
from benchmark.scoring.likelihoods import GAP, PER_WORD, statistics


def value(nats: float, words: int, true_nats: float = math.nan) -> LikelihoodValues:
    return LikelihoodValues(id="x", nats=nats, tokens=words + 1, words=words, true_nats=true_nats)


def test_figures_by_hand():
    rows = [value(-6.0, 2, -5.0), value(-3.0, 3, -3.5), value(math.nan, 9, -1.0)]
    found = statistics(rows)
    # Words and ends of the targets that can be written: 3 + 4.
    assert found[PER_WORD].value == pytest.approx(9 / 7)
    assert found[GAP].value == pytest.approx((1.0 - 0.5) / 2)
    assert GAP not in statistics([value(-6.0, 2)])
    assert math.isnan(statistics([value(math.nan, 2)])[PER_WORD].value)
