"""A grammar small enough to be listed, against Bayes' rule over all its sentences."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from benchmark.api import Example
from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.control_posterior import ControlPosterior
from benchmark.tasks.sentence_forms import Category, SentenceFrame

TINY = AttributeGrammar(
    "tiny",
    1,
    attributes={"mood": ("good", "bad"), "tense": ("past", "now")},
    categories={
        "who": Category({"": ("ann", "bob")}),
        "how": Category({"good": ("fine", "great"), "bad": ("poor", "sad")}, "mood"),
        "did": Category({"past": ("ran", "ate"), "now": ("runs", "eats")}, "tense", inflected=True),
    },
    frames=(
        SentenceFrame("act", {"tense": "past"}, "{p:who} {v:did} and was {a:how}"),
        SentenceFrame("act", {"tense": "now"}, "{p:who} {v:did} and is {a:how}"),
        SentenceFrame("two", {}, "{p:who} {v:did} {a:how} and {b:how}"),
    ),
)
ACTS = [
    f"{p} {v} and {be} {a}"
    for be, verbs in (("was", ("ran", "ate")), ("is", ("runs", "eats")))
    for p in ("ann", "bob")
    for v in verbs
    for a in ("fine", "great", "poor", "sad")
]
TWOS = [
    f"{p} {v} {a} and {b}"
    for p in ("ann", "bob")
    for v in ("ran", "ate", "runs", "eats")
    for words in (("fine", "great"), ("poor", "sad"))
    for a in words
    for b in words
]


def sentence(text: str, **labels: str) -> Example:
    return Example(text, "", text, (text,), labels)


def test_expressions_are_the_words_that_tell_a_value() -> None:
    parsed = TINY.parse("ann ran and was fine")
    assert parsed is not None
    assert TINY.expressions(parsed) == {
        "mood": [("mood", "how", "fine")],
        "tense": [("tense", "", "past"), ("tense", "did", "ran")],
    }
    # A frame that is spelled alike in both tenses tells none.
    parsed = TINY.parse("ann ran fine and great")
    assert parsed is not None
    assert TINY.expressions(parsed)["tense"] == [("tense", "did", "ran")]
    assert len(TINY.all_expressions()["tense"]) == 2 + 4


def test_a_label_names_all_that_stands_together_somewhere() -> None:
    train = [sentence("ann ran and was fine", mood="good", tense="past")]
    posterior = ControlPosterior(TINY, train)
    assert posterior.probability("bob ran and was fine", {"mood": "good", "tense": "past"}) == 1
    assert posterior.probability("bob ran and was poor", {"mood": "good"}) == 0.5
    # `was` was named by the label, so `ate` after it is past too.
    assert posterior.probability("bob ate and was poor", {"tense": "past"}) == 1
    assert posterior.probability("bob ate poor and sad", {"tense": "past"}) == 0.5
    assert posterior.probability("no sentence", {}) == 0

    # Without a label, "fine and great" says that both are of one mood.
    more = ControlPosterior(TINY, [*train, sentence("bob ate fine and great")])
    assert more.probability("bob ran and was great", {"mood": "good"}) == 1
    assert more.probability("bob ran and was great", {"mood": "bad"}) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted", [{"mood": "good"}, {"mood": "bad", "tense": "past"}], ids=["one", "two"]
)
def test_draws_are_those_of_bayes_rule(wanted: dict[str, str]) -> None:
    train = [
        sentence("ann ran and was fine", mood="good", tense="past"),
        sentence("ann eats fine and great"),
    ]
    posterior = ControlPosterior(TINY, train)
    joint = {
        text: math.exp(TINY.log_prob(text, {})) * posterior.probability(text, wanted)
        for text in ACTS + TWOS
    }
    total, draws = math.fsum(joint.values()), 6000
    counts = Counter(posterior.draw(wanted, seed) for seed in range(draws))
    assert counts.keys() <= {text for text, mass in joint.items() if mass}
    for text, mass in joint.items():
        share = mass / total
        assert abs(counts[text] / draws - share) < 5 * math.sqrt(share / draws) + 1e-9


def test_where_every_word_is_named_the_draws_are_those_of_the_grammar() -> None:
    train = [
        sentence(text, mood=parsed.values["mood"], tense=parsed.values["tense"])
        for text in ACTS
        if (parsed := TINY.parse(text))
    ]
    posterior = ControlPosterior(TINY, train)
    for seed in range(200):
        parsed = TINY.parse(posterior.draw({"mood": "bad"}, seed))
        assert parsed is not None
        assert parsed.values["mood"] == "bad"
