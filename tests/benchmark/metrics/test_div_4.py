from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric


def div_4(*candidates: str, spec: str = "div_4") -> float:
    return float(make_metric(spec).score([Item("0", "", (), candidates)]).values[0])


def test_equal_candidates_reach_the_floor() -> None:
    assert div_4(*["a b c d e"] * 3) == pytest.approx(1 / 3)


def test_known_answer() -> None:
    # abcd bcde | abcd bcdf: three kinds of four.
    assert div_4("a b c d e", "a b c d f") == 0.75
    assert div_4("a b c d", "A b c d") == 1.0
    assert div_4("a b c d", "A b c d", spec="div_4:case=lower") == 0.5


def test_without_any_4_gram_it_is_zero_and_of_one_candidate_undefined() -> None:
    assert div_4("a b", "") == 0.0
    assert np.isnan(div_4("a b c d e"))
