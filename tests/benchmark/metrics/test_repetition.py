from __future__ import annotations

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric


def share(spec: str, *candidates: str) -> list[float]:
    values = make_metric(spec).score([Item("0", "", (), candidates)]).values[0]
    return [float(value) for value in values]


def test_immediate_repeats_are_counted_over_all_words() -> None:
    assert share("repetition", "the the cat the", "a a a a", "a b c", "", "one") == [
        *(1 / 4, 3 / 4, 0, 0, 0),
    ]
    assert share("repetition:case=lower", "The the cat") == [1 / 3]
    assert share("repetition", "The the cat") == [0]


def test_windows() -> None:
    text = "a b a c d b"
    assert share("repetition", text) == [0]
    assert share("repetition:within=2", text) == [1 / 6]
    assert share("repetition:within=4", text) == [2 / 6]
    assert share("repetition:within=all", text) == [2 / 6]


@pytest.mark.parametrize("within", [1, 3, 16])
def test_equals_the_definition(random_items: list[Item], within: int) -> None:
    items = random_items[:200]
    expected = [
        [
            sum(t in tokens[max(0, i - within) : i] for i, t in enumerate(tokens))
            / max(len(tokens), 1)
            for tokens in (text.split() for text in item.candidates)
        ]
        for item in items
    ]
    values = make_metric(f"repetition:within={within}").score(items).values
    np.testing.assert_array_equal(values, expected)


def test_the_widest_window_is_one_less_dist_1(random_items: list[Item]) -> None:
    repeats = make_metric("repetition:within=all").score(random_items).values
    distinct = make_metric("dist_1").score(random_items).values
    filled = [[bool(text.strip()) for text in item.candidates] for item in random_items]
    np.testing.assert_allclose(repeats, np.where(filled, 1 - distinct, 0), atol=1e-12)


def test_the_window_is_checked() -> None:
    assert make_metric("repetition:within=01").id == "repetition"
    for text in ("0", "-1", "x", "1.5"):
        with pytest.raises(UserError, match="'within' is"):
            make_metric(f"repetition:within={text}")
