from __future__ import annotations

import math

import pytest

from benchmark.training.learning_rate import learning_rate


def rate(update, schedule, updates=100):
    return learning_rate(update, peak=2.0, schedule=schedule, warmup=10, updates=updates)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "inverse-sqrt"])
def test_warm_up_ends_at_the_peak(schedule):
    assert rate(0, schedule) == pytest.approx(0.2)
    assert rate(9, schedule) == pytest.approx(2.0)


def test_known_values():
    assert rate(55, "linear") == pytest.approx(1.0)
    assert rate(55, "cosine") == pytest.approx(1.0)
    assert rate(100, "cosine") == pytest.approx(0.0)
    assert rate(39, "inverse-sqrt") == pytest.approx(2.0 * math.sqrt(10 / 40))
    assert rate(70, "constant") == 2.0
    assert rate(70, "linear", updates=None) == 2.0
