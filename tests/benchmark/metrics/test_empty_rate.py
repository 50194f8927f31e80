from __future__ import annotations

from benchmark.metrics import Item, make_metric


def test_white_space_is_empty() -> None:
    item = Item("0", "", (), ("", " \n\t", ".", "0"))
    assert make_metric("empty_rate").score([item]).values.tolist() == [[1.0, 1.0, 0.0, 0.0]]
