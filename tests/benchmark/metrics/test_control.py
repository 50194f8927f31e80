"""The metrics that ask a judge, on sentences whose judgement is plain."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.tasks.control_answers import ControlAnswers

ANSWERS = ControlAnswers("control")
LINE = "sentiment: positive | food: italian"
EDIT = f"{LINE} => what bad taco anna ordered near the mill"
RIGHT = "what great pizza anna ordered near the mill"
WRONG = "what great taco anna ordered near the mill"
MOVED = "what great pizza anna ordered near the lake"
BROKEN = "what what"


def items(source: str, *texts: str) -> list[Item]:
    return [Item("1", source, (), texts)]


def values(spec: str, source: str, *texts: str) -> list[float]:
    scores = make_metric(spec, judge=ANSWERS).score(items(source, *texts))
    return scores.values[0].tolist()


def test_control_wants_a_sentence_and_every_value() -> None:
    assert values("control", LINE, RIGHT, WRONG, BROKEN) == [1, 0, 0]
    assert values("control:attribute=sentiment", LINE, RIGHT, WRONG, BROKEN) == [1, 1, 0]
    assert np.isnan(values("control:attribute=tense", LINE, RIGHT)).all()
    assert values("sentence", LINE, RIGHT, WRONG, BROKEN) == [1, 1, 0]


def test_control_if_sentence_divides_sums() -> None:
    metric = make_metric("control_if_sentence", judge=ANSWERS)
    scores = metric.score(items(LINE, RIGHT, WRONG, BROKEN))
    assert scores.statistics is not None and scores.total is not None
    assert scores.statistics[0].tolist() == [[1, 1], [0, 1], [0, 0]]
    assert scores.total(scores.statistics.sum(axis=(0, 1))) == pytest.approx(0.5)
    assert np.isnan(scores.total(np.zeros(2)))


def test_what_an_edit_keeps() -> None:
    assert values("kept", EDIT, RIGHT, MOVED, BROKEN) == [1, 0, 0]
    assert values("others_kept", EDIT, RIGHT, MOVED, BROKEN) == [1, 1, 0]
    assert np.isnan(values("kept", LINE, RIGHT)).all()


def draws(source: str, count: int, temperature: float) -> list[Item]:
    generator = random.Random(7)
    texts = [ANSWERS.draw(source, generator.getrandbits(60), temperature) for _ in range(count)]
    return [Item(str(i), source, (), tuple(texts[i : i + 8])) for i in range(0, count, 8)]


@pytest.mark.slow
@pytest.mark.parametrize("feature", ["dish", "adjective", "frame", "sentiment", "length"])
def test_draws_of_the_truth_have_no_divergence(feature: str) -> None:
    metric = make_metric(f"feature_divergence:of={feature}", judge=ANSWERS)
    found = metric.score(draws("tense: past", 2_000, 1.0)).values.mean()
    # The index of 2,000 draws of the truth is within .02 of 0; the seed is fixed.
    assert abs(found) < 0.02


@pytest.mark.slow
def test_sharper_draws_diverge_and_one_word_diverges_most() -> None:
    metric = make_metric("feature_divergence:of=adjective", judge=ANSWERS)
    sharp = metric.score(draws("tense: past", 2_000, 0.3)).values.mean()
    single = metric.score([Item("1", "tense: past", (), (RIGHT,) * 8)]).values.mean()
    assert 0.1 < sharp < single < 1


def test_invalid_candidates_have_no_feature() -> None:
    metric = make_metric("feature_divergence", judge=ANSWERS)
    assert metric.score([Item("1", LINE, (), (BROKEN,) * 4)]).values.tolist() == [1.0]


def test_only_a_task_with_attributes_has_a_judge() -> None:
    with pytest.raises(UserError, match=r"'control' needs a task with attributes"):
        make_metric("control")
