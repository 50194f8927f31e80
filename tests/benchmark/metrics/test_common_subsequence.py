from __future__ import annotations

import random
from typing import Any

import pytest

from benchmark.metrics import common_subsequence
from benchmark.metrics.common_subsequence import MACHINE_WORD, common_lengths


def by_table(one: str, other: str) -> int:
    """The textbook's dynamic programme."""
    row = [0] * (len(other) + 1)
    for letter in one:
        above = row[:]
        for place, another in enumerate(other, start=1):
            same = above[place - 1] + 1 if letter == another else 0
            row[place] = max(above[place], row[place - 1], same)
    return row[-1]


@pytest.mark.parametrize("block", [1, 50, common_subsequence.BLOCK])
@pytest.mark.parametrize("longest", [0, 1, 12, MACHINE_WORD, MACHINE_WORD + 1, 130])
def test_equals_the_dynamic_programme(
    longest: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_subsequence, "BLOCK", block)
    draw = random.Random(longest)

    def text(most: int) -> str:
        return "".join(draw.choice("abcdé好") for _ in range(draw.choice([0, 1, most, most])))

    compared = [(text(longest), [text(20) for _ in range(draw.randrange(4))]) for _ in range(30)]
    compared[0] = ("a" * longest, ["a" * (longest + 1), "", "b"])
    common, first, other = common_lengths(compared)
    pairs = [(one, partner) for one, partners in compared for partner in partners]
    assert common.tolist() == [by_table(*pair) for pair in pairs]
    assert list(zip(first, other, strict=True)) == [(len(a), len(b)) for a, b in pairs]


def test_of_nothing_there_is_nothing() -> None:
    assert [part.tolist() for part in common_lengths([])] == [[], [], []]


def test_tokens_of_all_pairs_are_never_held_together(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    common = common_subsequence._common

    def noted(hit: Any, *lengths: Any) -> Any:
        held.append(len(hit))
        return common(hit, *lengths)

    monkeypatch.setattr(common_subsequence, "_common", noted)
    monkeypatch.setattr(common_subsequence, "BLOCK", 30)
    found, *_ = common_lengths(("abab", ["bab", "ba"]) for _ in range(20))
    assert found.tolist() == [3, 2] * 20
    assert held == [30, 30, 30, 10]
