from __future__ import annotations

from benchmark.metrics import Item, make_metric


def test_case_and_white_space_do_not_hide_a_copy() -> None:
    texts = ("what is love ?", " What is love ?\n", "love ?", "", "what is love ? yes", "zebra")
    item = Item("0", "What is  love ?", (), texts)
    assert make_metric("copy_rate").score([item]).values.tolist() == [[1, 1, 0, 0, 0, 0]]
