"""Parsing, printing and the checks of a grammar of two frames."""

from __future__ import annotations

import pytest

from benchmark.tasks.sentence_forms import Category, SentenceForms, SentenceFrame

ATTRIBUTES = {"mood": ("good", "bad"), "tense": ("past", "now")}
CATEGORIES = {
    "who": Category({"": ("ann", "bob")}),
    "how": Category({"good": ("fine",), "bad": ("poor", "sad")}, "mood"),
    "did": Category({"past": ("ran", "ate"), "now": ("runs", "eats")}, "tense", inflected=True),
}
FRAMES = (
    SentenceFrame("act", {"tense": "past"}, "{p:who} {v:did} and was {a:how}"),
    SentenceFrame("be", {}, "how {a:how} {p:who} {v:did}"),
)


def forms(**changes: object) -> SentenceForms:
    given = {"attributes": ATTRIBUTES, "categories": CATEGORIES, "frames": FRAMES, **changes}
    return SentenceForms("tiny", **given)  # type: ignore[arg-type]


def test_frame_words_and_values_of_a_sentence() -> None:
    parsed = forms().parse("how poor bob eats")
    assert parsed is not None
    assert parsed.frame is FRAMES[1]
    assert parsed.words == {"a": "poor", "p": "bob", "v": "eats"}
    assert parsed.values == {"mood": "bad", "tense": "now"}


@pytest.mark.parametrize(
    "text", ["", "ann", "ann runs and was fine", "ann ran and was ann", "how fine ann flew"]
)
def test_what_is_outside_is_not_parsed(text: str) -> None:
    assert forms().parse(text) is None


def test_words_that_disagree_are_no_sentence() -> None:
    twice = SentenceFrame("two", {}, "{p:who} {v:did} {a:how} and {b:how}")
    found = forms(frames=(twice,))
    assert found.parse("ann ran poor and sad") is not None
    assert found.parse("ann ran fine and poor") is None


def test_what_expresses_the_values_of_a_sentence() -> None:
    found = forms()
    parsed = found.parse("bob ate and was sad")
    assert parsed is not None
    assert found.expressions(parsed) == {
        "mood": [("mood", "how", "sad")],
        "tense": [("tense", "", "past"), ("tense", "did", "ate")],
    }
    every = found.all_expressions()
    assert {word for _, _, word in every["mood"]} == {"fine", "poor", "sad"}
    assert ("tense", "", "past") in every["tense"] and ("tense", "did", "runs") in every["tense"]


def test_an_inflected_word_keeps_its_lexeme() -> None:
    found = forms()
    ran, runs, eats = (found.parse(f"how fine ann {verb}") for verb in ("ran", "runs", "eats"))
    assert ran is not None and runs is not None and eats is not None
    assert found.content(ran, ["tense"]) == found.content(runs, ["tense"])
    assert found.content(ran, ["tense"]) != found.content(eats, ["tense"])


def test_every_word_is_in_the_vocabulary() -> None:
    words = "ann bob fine poor sad ran ate runs eats and was how"
    assert forms().vocabulary() == set(words.split())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": (*FRAMES, SentenceFrame("x", {}, "{q:who} {v:did} and was {a:how}"))}, "two"),
        ({"frames": (SentenceFrame("x", {}, "{p:where} {v:did} {a:how}"),)}, "no category 'where'"),
        ({"frames": (SentenceFrame("x", {}, "{p:who} {v:did}"),)}, "expresses no {'mood'}"),
        (
            {
                "categories": {
                    **CATEGORIES,
                    "how": Category({"good": ("x",), "bad": ("x",)}, "mood"),
                }
            },
            "stands for",
        ),
    ],
)
def test_a_bad_grammar_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forms(**changes)
