from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmark.metrics import Item
from benchmark.metrics.bleu_sent_m4 import pair_bleu
from benchmark.metrics.ngrams import Split
from benchmark.metrics.sharing import KEPT, forget, shared_by_metrics
from benchmark.metrics.text import Reading


def item(*candidates: str) -> Item:
    return Item("0", "", ("a b",), candidates)


def test_equal_texts_read_alike_are_computed_once_until_forgotten() -> None:
    asked: list[str] = []

    @shared_by_metrics
    def compute(items: Sequence[Item], split: Split) -> int:
        asked.append(items[0].candidates[0])
        return len(asked)

    as_written = Reading("none", "mixed", "words")
    assert compute([item("a")], as_written) == 1
    assert compute([item("a")], Reading("none", "mixed", "words")) == 1
    assert compute([item("a")], Reading("none", "lower", "words")) == 2
    assert compute([item("b")], as_written) == 3
    assert asked == ["a", "a", "b"]
    assert compute([item("b")], as_written) == 3
    assert KEPT == 2 and compute([item("a")], as_written) == 4
    forget()
    assert compute([item("a")], as_written) == 5


def test_nobody_can_change_what_others_read() -> None:
    with pytest.raises(ValueError, match="read-only"):
        pair_bleu([item("a b", "b")], str.split)[0, 0, 0] = 0.0
