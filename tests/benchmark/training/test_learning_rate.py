from __future__ import annotations

import math

import pytest

from benchmark.training.learning_rate import learning_rate


def rate(update, schedule, updates=100):
    return learning_rate(update, peak=2.0, schedule=schedule, warmup=10, updates=updates)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "inverse-sqrt"])
def test_warm_up_ends_at_the_peak(schedule):
    assert rate(0, schedule) == pytest.approx(0.2)
    assert rate(4, schedule) == pytest.approx(1.0)
    assert rate(9, schedule) == pytest.approx(2.0)


def test_known_values():
    assert [rate(at, "linear") for at in (10, 40, 55)] == pytest.approx([2.0, 4 / 3, 1.0])
    assert [rate(at, "cosine") for at in (10, 40, 55)] == pytest.approx([2.0, 1.5, 1.0])
    assert rate(100, "cosine") == pytest.approx(0.0)
    assert rate(39, "inverse-sqrt") == pytest.approx(2.0 * math.sqrt(10 / 40))
    assert rate(70, "constant") == 2.0
    assert rate(70, "linear", updates=None) == rate(70, "cosine", updates=None) == 2.0


def test_it_is_zero_from_the_end_on_and_never_below():
    for schedule in ("linear", "cosine"):
        assert rate(100, schedule) == rate(150, schedule) == pytest.approx(0.0)


def test_without_warm_up_it_begins_at_the_peak():
    for schedule in ("constant", "linear", "cosine", "inverse-sqrt"):
        assert learning_rate(0, peak=2.0, schedule=schedule, warmup=0, updates=10) == 2.0
    later = learning_rate(3, peak=2.0, schedule="inverse-sqrt", warmup=0, updates=10)
    assert later == pytest.approx(1.0)


def test_a_training_that_is_all_warm_up_has_no_fall():
    assert learning_rate(10, peak=2.0, schedule="linear", warmup=10, updates=10) == 2.0
