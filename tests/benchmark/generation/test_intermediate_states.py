"""Traces: which steps are kept, what is read, and what a system that ends early leaves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from benchmark.api import Candidate, Example
from benchmark.generation.intermediate_states import StateReader, curves, spread, trace


@dataclass(frozen=True)
class Steps:
    nfe: int | None = None
    kind: str = "samples"


class Writer:
    """Writes a letter of the source a step; a batch ends with its longest source."""

    id = "writer"
    module = None

    def __init__(self, shows=True):
        self.shows, self.batches = shows, []

    def generate(self, sources, decoding, *, num_samples, seed, ids, on_step=None):
        self.batches.append(list(ids))
        longest = max(map(len, sources))
        for step in range(longest):
            state = [source[: step + 1] for source in sources for _ in range(num_samples)]
            if on_step is not None and self.shows:
                on_step(step, state)
        return [[Candidate(source)] * num_samples for source in sources]

    def read_state(self, state, sources, decoding):
        return list(state)


def examples(*texts):
    return [Example(f"e{i}", text, "t", ("t",)) for i, text in enumerate(texts)]


def test_every_step_is_read_where_the_text_decides_how_many_there_are():
    seen = trace(
        Writer(), examples("ab", "wxyz"), Steps(), num_samples=2, seed=1, batch=100, steps=10
    )
    assert seen.total == 4
    assert seen.steps == (1, 2, 3, 4)
    assert seen.texts[0] == [["a", "a"], ["w", "w"]]
    assert seen.texts[-1] == [["ab", "ab"], ["wxyz", "wxyz"]]


def test_a_batch_that_ended_earlier_stays_as_it_is():
    writer = Writer()
    seen = trace(writer, examples("ab", "wxyz"), Steps(), num_samples=2, seed=1, batch=2, steps=3)
    assert writer.batches == [["e0"], ["e1"]]
    assert seen.steps == (1, 3, 4)
    assert [texts[0][0] for texts in seen.texts] == ["a", "ab", "ab"]
    assert [texts[1][0] for texts in seen.texts] == ["w", "wxy", "wxyz"]


def test_a_known_number_of_steps_is_read_at_the_chosen_ones_alone():
    reads = []

    class Counted(Writer):
        def read_state(self, state, sources, decoding):
            reads.append(state[0])
            return list(state)

    seen = trace(
        Counted(), examples("abcdefghi"), Steps(nfe=9), num_samples=1, seed=1, batch=1, steps=3
    )
    assert seen.steps == (1, 5, 9)
    assert reads == ["a", "abcde", "abcdefghi"]


def test_the_last_state_is_read_also_where_it_comes_early():
    seen = trace(Writer(), examples("ab"), Steps(nfe=9), num_samples=1, seed=1, batch=1, steps=2)
    assert seen.total == 2
    assert seen.steps == (1, 2)
    assert seen.texts[-1] == [["ab"]]


def test_no_state_is_kept():
    reader = StateReader(lambda state: list(state))
    for step in range(5):
        reader.on_step(step, [str(step)])
    reader.finish()
    assert reader._latest is None
    assert reader.texts == {n: [str(n - 1)] for n in range(1, 6)}


def test_a_system_that_shows_no_steps_is_told():
    with pytest.raises(RuntimeError, match="never calls on_step"):
        trace(Writer(False), examples("ab"), Steps(), num_samples=1, seed=1, batch=1, steps=2)


def test_a_state_of_other_rows_is_told():
    class Lost(Writer):
        def read_state(self, state, sources, decoding):
            return state[:1]

    with pytest.raises(RuntimeError, match="reads 1 texts from the state of 1 sources with 2"):
        trace(Lost(), examples("ab"), Steps(), num_samples=2, seed=1, batch=9, steps=2)


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [(3, 5, [1, 2, 3]), (9, 3, [1, 5, 9]), (2000, 2, [1, 2000]), (7, 1, [7]), (1, 1, [1])],
)
def test_spread(total, count, expected):
    assert spread(total, count) == expected


def test_curves_turn_scores_round():
    def score(value):
        ends = {"value": value, "low": None, "high": 1.0}
        metric = {"title": "M", "statistics": {"set": ends}}
        return {"metrics": {"m": metric}, "interval": {"method": "x"}}

    assert curves([score(0.1), score(0.2)]) == {
        "metrics": {"m": {"title": "M"}},
        "curves": {"m": {"set": {"value": [0.1, 0.2], "low": [None, None], "high": [1.0, 1.0]}}},
        "interval": {"method": "x"},
    }
