from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from benchmark.human_evaluation.agreement import krippendorff_alpha, self_agreement

GAP = math.nan

# Krippendorff (2011), section C: four observers, twelve units, missing values.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
)


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_of_the_published_table(level, alpha):
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=5e-4)


def test_alpha_of_the_published_binary_table():
    # The same paper, section A: two observers, ten units, nominal alpha .095.
    one, two = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    values = np.array([one, two], dtype=float)
    assert krippendorff_alpha(values, "nominal") == pytest.approx(0.095, abs=5e-4)


def pair_by_pair(values):
    """Nominal alpha by its definition: over pairs within units, and over all pairs of values."""
    units = [column[np.isfinite(column)] for column in values.T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = np.concatenate(units)
    observed = sum(
        sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(pooled)
    pairs = list(permutations(pooled, 2))
    return 1 - observed / (sum(a != b for a, b in pairs) / len(pairs))


def test_alpha_agrees_with_its_definition():
    rng = np.random.default_rng(0)
    for _ in range(5):
        values = rng.integers(1, 4, (3, 15)).astype(float)
        values[rng.random(values.shape) < 0.3] = math.nan
        assert krippendorff_alpha(values, "nominal") == pytest.approx(pair_by_pair(values))


def test_alpha_at_its_ends():
    same = np.array([[1.0, 2, 3], [1, 2, 3]])
    assert krippendorff_alpha(same, "ordinal") == 1
    assert math.isnan(krippendorff_alpha(same[:1], "ordinal")), "one rater"
    assert math.isnan(krippendorff_alpha(np.ones((2, 3)), "ordinal")), "nothing varies"
    assert math.isnan(krippendorff_alpha(np.full((2, 3), math.nan), "nominal"))
    near, far = np.array([[1.0, 2, 5], [2, 2, 5]]), np.array([[1.0, 2, 5], [5, 2, 5]])
    assert krippendorff_alpha(near, "ordinal") > krippendorff_alpha(far, "ordinal")
    assert krippendorff_alpha(near, "nominal") == krippendorff_alpha(far, "nominal")


def test_self_agreement_by_hand():
    first = [(5, 1), (4, None), (3, 2), (1, 1)]
    second = [(5, 2), (4, 3), (3, 2), (1, 1)]
    found = self_agreement("ann", first, second)
    assert (found.same, found.total) == (6, 7)
    # Of 16 pairings of items, the first answers agree in 4, the second ones in 2 + 2 + 2.
    assert found.by_chance == pytest.approx((4 + 4) / 4 / 7)


def test_a_rater_at_chance_and_one_who_is_not():
    answers = [(value,) for value in (1, 2, 3, 4, 5, 1, 2, 3)]
    assert self_agreement("ann", answers, answers).p_chance < 0.01
    always = self_agreement("bob", [(4,)] * 8, [(4,)] * 8)
    assert (always.share, always.by_chance, always.p_chance) == (1, 1, 1)
    turned = self_agreement("eve", answers, answers[3:] + answers[:3])
    assert turned.p_chance > 0.05
