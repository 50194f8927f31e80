"""A grammar small enough to be listed, against its own sums."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from benchmark.api import UserError
from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.sentence_forms import Category, SentenceFrame

ATTRIBUTES = {"mood": ("good", "bad"), "tense": ("past", "now")}
CATEGORIES = {
    "who": Category({"": ("ann", "bob", "cy")}),
    "how": Category({"good": ("fine", "great"), "bad": ("poor", "awful", "sad")}, "mood"),
    "did": Category({"past": ("ran", "ate"), "now": ("runs", "eats")}, "tense", inflected=True),
}
FRAMES = (
    SentenceFrame("act", {"tense": "past"}, "{p:who} {v:did} and was {a:how}"),
    SentenceFrame("act", {"tense": "now"}, "{p:who} {v:did} and is {a:how}"),
    SentenceFrame("be", {}, "how {a:how} {p:who} {v:did}", weight=3.0),
)


def grammar(**changes: object) -> AttributeGrammar:
    given = {"attributes": ATTRIBUTES, "categories": CATEGORIES, "frames": FRAMES, **changes}
    return AttributeGrammar("tiny", 1, **given)  # type: ignore[arg-type]


TINY = grammar()
SENTENCES = [
    *(
        f"{p} {v} and {be} {a}"
        for be, verbs in (("was", ("ran", "ate")), ("is", ("runs", "eats")))
        for p in ("ann", "bob", "cy")
        for v in verbs
        for a in ("fine", "great", "poor", "awful", "sad")
    ),
    *(
        f"how {a} {p} {v}"
        for a in ("fine", "great", "poor", "awful", "sad")
        for p in ("ann", "bob", "cy")
        for v in ("ran", "ate", "runs", "eats")
    ),
]
WANTED = [{}, {"mood": "bad"}, {"tense": "now"}, {"mood": "good", "tense": "past"}]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_probabilities_of_all_sentences_add_up_to_one(wanted: dict[str, str]) -> None:
    masses = [math.exp(TINY.log_prob(text, wanted)) for text in SENTENCES]
    assert math.fsum(masses) == pytest.approx(1, abs=1e-12)
    for text, mass in zip(SENTENCES, masses, strict=True):
        parsed = TINY.parse(text)
        assert parsed is not None
        assert (mass > 0) == all(parsed.values[name] == value for name, value in wanted.items())


def test_a_subset_is_the_mixture_of_its_completions() -> None:
    for text in SENTENCES:
        mixed = [TINY.log_prob(text, {"mood": "bad", "tense": t}) for t in ("past", "now")]
        whole = math.fsum(math.exp(value) for value in mixed) / 2
        assert math.exp(TINY.log_prob(text, {"mood": "bad"})) == pytest.approx(whole)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_draws_have_the_probabilities(temperature: float) -> None:
    generator, count = random.Random(3), 20_000
    drawn = Counter(
        TINY.sample({"mood": "bad"}, generator, temperature=temperature) for _ in range(count)
    )
    masses = {t: math.exp(TINY.log_prob(t, {"mood": "bad"}) / temperature) for t in SENTENCES}
    total = math.fsum(masses.values())
    assert set(drawn) <= {text for text, mass in masses.items() if mass > 0}
    for text, mass in masses.items():
        share = mass / total
        # Six standard errors: one draw in 5e8 is further off.
        assert abs(drawn[text] / count - share) < 6 * math.sqrt(share / count) + 1e-9


def test_temperature_0_is_the_likeliest_sentence() -> None:
    best = max(SENTENCES, key=lambda text: TINY.log_prob(text, {"mood": "bad"}))
    found = TINY.sample({"mood": "bad"}, random.Random(1), temperature=0.0)
    assert TINY.log_prob(found, {"mood": "bad"}) == pytest.approx(
        TINY.log_prob(best, {"mood": "bad"})
    )


@pytest.mark.parametrize(
    "text", ["", "ann", "ann runs and was fine", "ann ran and was ann", "how fine ann flew"]
)
def test_what_is_outside_cannot_be(text: str) -> None:
    assert TINY.log_prob(text, {}) == -math.inf


def test_an_edit_changes_what_expresses_the_attribute_and_nothing_else() -> None:
    assert TINY.edits("bob ran and was fine", {"tense": "now"}) == {"bob runs and is fine": 1.0}
    edited = TINY.edits("bob ran and was fine", {"mood": "bad"})
    assert set(edited) == {f"bob ran and was {a}" for a in ("poor", "awful", "sad")}
    assert math.fsum(edited.values()) == pytest.approx(1)
    assert TINY.edits("bob ran and was fine", {"mood": "good"}) == {"bob ran and was fine": 1.0}
    assert TINY.edits("no sentence", {"mood": "bad"}) == {}
    original, changed = TINY.parse("bob ran and was fine"), TINY.parse("bob runs and is sad")
    other = TINY.parse("cy runs and is sad")
    assert original and changed and other
    names = ("mood", "tense")
    assert TINY.content(original, names) == TINY.content(changed, names)
    assert TINY.content(original, ("tense",)) != TINY.content(changed, ("tense",))
    assert TINY.content(original, names) != TINY.content(other, names)


def test_draws_of_edits_are_edits() -> None:
    edited = TINY.edits("how fine cy eats", {"mood": "bad", "tense": "past"})
    drawn = {
        TINY.sample_edit("how fine cy eats", {"mood": "bad", "tense": "past"}, random.Random(i))
        for i in range(60)
    }
    assert drawn == set(edited)


@pytest.mark.parametrize("name", ["mood", "tense", "frame", "who", "how"])
def test_projections_are_sums_over_sentences(name: str) -> None:
    for wanted in WANTED:
        masses: dict[str, float] = {}
        for text in SENTENCES:
            parsed = TINY.parse(text)
            assert parsed is not None
            value = TINY.project(name, parsed)
            masses[value] = masses.get(value, 0.0) + math.exp(TINY.log_prob(text, wanted))
        found = TINY.projection(name, wanted)
        assert found == pytest.approx({v: m for v, m in masses.items() if m > 0 or v in found})


def test_correlated_values() -> None:
    found = grammar(correlation={("good", "past"): 3.0})
    assert found.projection("tense", {"mood": "good"}) == pytest.approx({"past": 0.75, "now": 0.25})
    assert found.projection("tense", {"mood": "bad"}) == pytest.approx({"past": 0.5, "now": 0.5})


def test_unknown_names_are_said() -> None:
    with pytest.raises(UserError, match=r"tiny has no attribute value 'bed' of 'mood'.*bad"):
        TINY.sample({"mood": "bed"}, random.Random(1))
    with pytest.raises(UserError, match=r"tiny has no attribute 'mod'.*mood"):
        TINY.log_prob("ann", {"mod": "bad"})
