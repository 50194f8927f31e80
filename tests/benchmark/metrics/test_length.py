from __future__ import annotations

from benchmark.metrics import Item, make_metric


def test_double_spaces_hold_no_words() -> None:
    item = Item("0", "", (), (" two  words ", "", "don't split"))
    assert make_metric("length").score([item]).values.tolist() == [[2.0, 0.0, 2.0]]
