from __future__ import annotations

import random

import pytest

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


@pytest.mark.parametrize("longest", [0, 1, 12, MACHINE_WORD, MACHINE_WORD + 1, 130])
def test_equals_the_dynamic_programme(longest: int) -> None:
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
