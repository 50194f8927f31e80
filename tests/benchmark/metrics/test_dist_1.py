from __future__ import annotations

from benchmark.metrics import Item, make_metric


def test_known_answers() -> None:
    item = Item("0", "", (), ("the cat the dog", "", "a", "A a", "   "))
    assert make_metric("dist_1").score([item]).values.tolist() == [[0.75, 0.0, 1.0, 1.0, 0.0]]
    lower = make_metric("dist_1:case=lower").score([item]).values
    assert lower.tolist() == [[0.75, 0.0, 1.0, 0.5, 0.0]]
