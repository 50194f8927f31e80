from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from benchmark.metrics import Item, make_metric

SCORER = RougeScorer(["rougeL"], use_stemmer=False)


def by_package(references: tuple[str, ...], hypothesis: str) -> float:
    return float(SCORER.score_multi(references, hypothesis)["rougeL"].fmeasure)


@pytest.mark.slow
@pytest.mark.parametrize(
    "texts", ["random_items", pytest.param("asset_items", marks=pytest.mark.data)]
)
def test_equals_rouge_score(texts: str, request: pytest.FixtureRequest) -> None:
    items: list[Item] = request.getfixturevalue(texts)
    values = make_metric("rouge_l").score(items).values
    expected = [[by_package(i.references, c) for c in i.candidates] for i in items]
    np.testing.assert_array_equal(values, expected)


def test_texts_longer_than_a_machine_word() -> None:
    draw = random.Random(3)
    texts = [" ".join(draw.choice("abcde") for _ in range(length)) for length in (63, 64, 200)]
    for reference in texts:
        for hypothesis in texts:
            value = make_metric("rouge_l").score([Item("0", "", (reference,), (hypothesis,))])
            assert value.values[0, 0] == by_package((reference,), hypothesis)


def test_pairs_equal_rouge_score(random_items: list[Item]) -> None:
    items = random_items[:100]
    pairs = make_metric("rouge_l").pairwise(items)  # type: ignore[attr-defined]
    expected = [[[by_package((r,), h) for r in i.candidates] for h in i.candidates] for i in items]
    np.testing.assert_allclose(pairs, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("script", "reference", "candidate", "value"),
    [
        # Words: 2 of 3 are common.
        ("spaced", "это мой дом", "это твой дом!", 2 / 3),
        # rouge-score would see t and m.
        ("accented", "été même", "ete même", 1 / 2),
        ("unspaced", "很好。", "很 坏!", 1 / 2),
        # Signs count only where there is nothing else.
        ("spaced", "?!", "?!", 1.0),
        ("spaced", "👍", "👎", 0.0),
        ("spaced", "да!", "!", 0.0),
    ],
)
def test_other_scripts_by_hand(script: Any, reference: str, candidate: str, value: float) -> None:
    metric = make_metric("rouge_l", script=script)
    found = metric.score([Item("1", "", (reference,), (candidate,))]).values
    assert found[0, 0] == pytest.approx(value)


def test_of_english_only_the_letters_of_rouge_score_count() -> None:
    metric = make_metric("rouge_l")
    assert "equals:rouge-score" in metric.signature
    assert metric.score([Item("1", "", ("?!",), ("?!",))]).values[0, 0] == by_package(("?!",), "?!")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(), max_size=20) | st.text("aZ09 İK_é\ud800\n", max_size=12))
def test_words_of_latin_are_those_of_rouge_score(text: str) -> None:
    found = make_metric("rouge_l").split(text)  # type: ignore[attr-defined]
    assert found == re.findall("[a-z0-9]+", text.lower())
