"""Validity, coverage and divergence against a distribution that can be worked out by hand."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric

TRUTH = {"a b": 0.5, "c": 0.3, "d e": 0.2}


def conditional(source: str, temperature: float) -> Mapping[str, float]:
    assert temperature == 1.0
    return TRUTH if source == "s" else {}


def item(*candidates: str) -> Item:
    return Item("q1", "s", ("a b",), candidates)


def test_validity_ignores_white_space_and_nothing_else() -> None:
    values = make_metric("validity", conditional=conditional).score(
        [item("a b", " a  b\n", "A b", "", "d e")]
    )
    assert values.values.tolist() == [[1.0, 1.0, 0.0, 0.0, 1.0]]


def test_coverage_counts_each_target_once() -> None:
    metric = make_metric("coverage", conditional=conditional)
    values = metric.score([item("a b", "a  b", "x"), item("c", "d e", "a b")]).values
    np.testing.assert_allclose(values, [0.5, 1.0])
    assert metric.score([item("a b", "c")]).values[0] == pytest.approx(0.8)
    assert np.isnan(metric.score([item("c")]).values[0])


@pytest.mark.parametrize("num_samples", [2, 3, 5])
def test_divergence_is_unbiased_at_every_number_of_samples(num_samples: int) -> None:
    """Numerator and denominator, averaged over all possible samples of a wrong system."""
    wrong = {"a b": 0.6, "c": 0.1, "invalid": 0.3}
    metric = make_metric("divergence", conditional=conditional)
    samples = list(itertools.product(wrong, repeat=num_samples))
    weights = np.array([np.prod([wrong[text] for text in sample]) for sample in samples])
    # Each sample as a corpus of its own gives the ratio; the denominator tells the numerator.
    ratio = np.array([metric.score([item(*sample)]).values[0] for sample in samples])
    square = sum(p * p for p in TRUTH.values())
    pairs = num_samples * (num_samples - 1)
    denominator = np.array(
        [sum(n * (n - 1) for n in Counter(s).values()) / pairs + square for s in samples]
    )
    texts = {*TRUTH, *wrong}
    q = np.array([wrong.get(text, 0.0) for text in texts])
    p = np.array([TRUTH.get(text, 0.0) for text in texts])
    assert weights @ (ratio * denominator) == pytest.approx(((q - p) ** 2).sum())
    assert weights @ denominator == pytest.approx((q**2).sum() + (p**2).sum())


def test_divergence_pools_sources_and_its_values_average_to_it() -> None:
    items = [item("a b", "a b", "c"), item("x", "y", "x"), item("d e", "c", "a b")]
    metric = make_metric("divergence", conditional=conditional)
    square = sum(p * p for p in TRUTH.values())
    repeats = [2 / 6, 2 / 6, 0.0]
    shared = [(2 * 0.5 + 0.3) / 3, 0.0, 1 / 3]
    pooled = 1 - 2 * sum(shared) / (sum(repeats) + 3 * square)
    values = metric.score(items).values
    assert values.shape == (3,)
    assert values.mean() == pytest.approx(pooled)


@pytest.mark.slow
def test_divergence_of_the_truth_is_zero_and_least_among_temperatures() -> None:
    """Many sources, few samples, a flat truth: where plug-in total variation goes wrong."""
    rng = np.random.default_rng(5)
    names = [f"t{i}" for i in range(24)]
    truth = np.arange(1, 25) ** -0.5
    truth /= truth.sum()

    def flat(source: str, temperature: float) -> Mapping[str, float]:
        return dict(zip(names, truth, strict=True))

    def of(probabilities: np.ndarray) -> tuple[float, float]:
        picks = rng.choice(24, size=(4000, 8), p=probabilities)
        items = [Item(str(i), "s", (), tuple(names[k] for k in row)) for i, row in enumerate(picks)]
        plug_in = np.mean(
            [np.abs(np.bincount(row, minlength=24) / 8 - truth).sum() / 2 for row in picks]
        )
        metric = make_metric("divergence", conditional=flat)
        return float(metric.score(items).values.mean()), float(plug_in)

    sharp = truth**2 / (truth**2).sum()
    true, tempered = of(truth), of(sharp)
    exact = ((sharp - truth) ** 2).sum() / ((sharp**2).sum() + (truth**2).sum())
    assert true[0] == pytest.approx(0.0, abs=0.02)
    assert tempered[0] == pytest.approx(exact, abs=0.02)
    assert exact > 0.05
    # The reason for all this: total variation of eight samples prefers the sharper system.
    assert tempered[1] < true[1]


def test_divergence_ends_of_the_scale() -> None:
    metric = make_metric("divergence", conditional=conditional)
    assert metric.score([item("x", "y")]).values[0] == pytest.approx(1.0)
    assert np.isnan(metric.score([item("x")]).values[0])


@pytest.mark.parametrize("name", ["validity", "coverage", "divergence"])
def test_what_the_task_must_offer(name: str) -> None:
    with pytest.raises(UserError, match=f"'{name}' needs a task whose true distribution"):
        make_metric(name)
    foreign = Item("q9", "unknown source", (), ("a", "b"))
    with pytest.raises(UserError, match="'q9'"):
        make_metric(name, conditional=conditional).score([foreign])
