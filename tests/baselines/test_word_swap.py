from __future__ import annotations

import pytest

from baselines.word_swap import WordSwap, WordSwapConfig
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

LABELLED = [
    ("the soup was good", "good"),
    ("the soup is good", "good"),
    ("the tea was fine and good", "good"),
    ("a cake was fine", "good"),
    ("a fine cake", "good"),
    ("the soup was bad", "bad"),
    ("the tea is bad", "bad"),
    ("the cake was bad", "bad"),
]


@pytest.fixture
def system() -> WordSwap:
    train = [
        api.Example(str(i), "", text, (text,), {"mood": value})
        for i, (text, value) in enumerate(LABELLED)
    ]
    words = train_tokenizer([text for text, _ in LABELLED], TokenizerRecipe())
    return WordSwap.build(WordSwapConfig(), api.Resources(words, api.Lengths(8, 8), train))


def edit(system: WordSwap, source: str) -> str:
    (made,) = system.generate([source], system.Decoding(), num_samples=1, seed=1, ids=["a"])
    return made[0].text


def test_markers_of_other_values_are_replaced_by_those_seen_in_their_place(system) -> None:
    assert edit(system, "mood: bad => the tea was good") == "the tea was bad"
    # `fine` stands behind `was` twice and `good` once; behind `is` only `good` stands.
    assert edit(system, "mood: good => the soup was bad") == "the soup was fine"
    assert edit(system, "mood: good => the soup is bad") == "the soup is good"
    # Behind `a` only `fine` was seen.
    assert edit(system, "mood: good => a bad cake") == "a fine cake"


def test_what_marks_nothing_stays(system) -> None:
    assert edit(system, "mood: good => the soup was new") == "the soup was new"
    assert edit(system, "mood: good => the soup was good") == "the soup was good"
    assert edit(system, "tense: past => the soup was bad") == "the soup was bad"


def test_there_is_nothing_to_edit(system) -> None:
    assert edit(system, "mood: good") == edit(system, "what is this ?") == ""


def test_texts_without_spaces_go_by_characters() -> None:
    texts = [("汤很好", "good"), ("茶很好", "good"), ("书真好", "good"), ("汤很差", "bad"),
             ("茶很差", "bad"), ("书真差", "bad")]  # fmt: skip
    train = [api.Example(t, "", t, (t,), {"mood": value}) for t, value in texts]
    tokenizer = train_tokenizer([t for t, _ in texts], TokenizerRecipe(kind="character"))
    resources = api.Resources(tokenizer, api.Lengths(8, 8), train)
    chinese = WordSwap.build(WordSwapConfig(), resources)
    assert edit(chinese, "mood: bad => 饭很好") == "饭很差"
