"""What holds for the four grammars, by enumeration; nothing here is estimated."""

from __future__ import annotations

import functools
import itertools
import math

import pytest

from benchmark.tasks import grammars
from benchmark.tasks.grammar import Grammar, tempered

SIMPLIFICATIONS = {6, 8, 10, 12, 16, 18, 20, 24, 32, 36, 40, 48, 64, 72, 96, 192}
# task: distinct sources, words, targets a source, tokens of the longest source and target
SHAPES = {
    "paraphrase": (17_280, 63, {12, 24}, 10, 10),
    "question-generation": (27_264, 66, {24, 25, 27}, 11, 10),
    "simplification": (62_310, 166, SIMPLIFICATIONS, 12, 12),
    "dialogue": (4_320, 83, {30, 54}, 10, 10),
}

each_task = pytest.mark.parametrize("task_id", grammars.GRAMMARS)


@functools.cache
def load(task_id: str) -> tuple[Grammar, dict[str, float]]:
    grammar = grammars.load(task_id)
    listed = list(grammar.sources())
    masses = dict(listed)
    assert len(masses) == len(listed), "two derivations print the same source"
    return grammar, masses


def some_sources(task_id: str) -> list[str]:
    """About 300 sources; the stride is prime, so every slot varies."""
    masses = load(task_id)[1]
    return list(masses)[:: [7, 11, 19, 43, 89][min(4, len(masses) // 3_000)]]


@each_task
def test_every_source_has_one_derivation_and_all_sum_to_one(task_id: str) -> None:
    masses = load(task_id)[1]
    assert len(masses) == SHAPES[task_id][0]
    assert math.fsum(masses.values()) == pytest.approx(1.0, abs=1e-12)


@each_task
def test_probabilities_sum_to_one_and_are_not_all_equal(task_id: str) -> None:
    grammar = load(task_id)[0]
    uneven = 0
    for source in some_sources(task_id):
        for temperature in (0.5, 1.0, 1.7):
            masses = tempered(grammar.distribution(source), temperature)
            assert math.fsum(masses.values()) == pytest.approx(1.0, abs=1e-12)
            assert min(masses.values()) > 0
        uneven += max(masses.values()) > 1.2 * min(masses.values())
    # A source with one target cannot be uneven.
    assert uneven > 0.7 * len(some_sources(task_id))


@each_task
def test_shape(task_id: str) -> None:
    grammar = load(task_id)[0]
    _, words, sizes, longest_source, longest_target = SHAPES[task_id]
    assert len(grammar.vocabulary()) == words <= 180
    sources = some_sources(task_id)
    targets = [grammar.distribution(source) for source in sources]
    assert {len(masses) for masses in targets} == sizes
    assert max(len(source.split()) for source in sources) == longest_source
    assert max(len(t.split()) for masses in targets for t in masses) == longest_target


@each_task
def test_texts_are_lower_case_words_one_space_apart(task_id: str) -> None:
    grammar = load(task_id)[0]
    vocabulary = grammar.vocabulary()
    assert all((word.isalpha() and word.islower()) or word in ".,?" for word in vocabulary)
    for source in some_sources(task_id):
        for text in (source, *grammar.distribution(source)):
            assert text == " ".join(text.split())
            assert set(text.split()) <= vocabulary
            assert text[-1] in ".?"


@each_task
def test_no_target_is_its_source(task_id: str) -> None:
    grammar = load(task_id)[0]
    assert all(source not in grammar.distribution(source) for source in some_sources(task_id))


@each_task
def test_a_source_with_one_word_changed_parses_if_and_only_if_it_is_a_source(task_id: str) -> None:
    grammar, masses = load(task_id)
    vocabulary = sorted(grammar.vocabulary())
    foreign = 0
    for index, source in enumerate(some_sources(task_id)):
        words = source.split()
        words[index % len(words)] = vocabulary[(index * 31) % len(vocabulary)]
        changed = " ".join(words)
        assert bool(grammar.distribution(changed)) == (changed in masses)
        foreign += changed not in masses
    assert foreign > 100


def check(task_id: str, source: str, expected: dict[str, float]) -> None:
    assert load(task_id)[0].distribution(source) == pytest.approx(expected, abs=1e-12)


def test_paraphrase_known_answer() -> None:
    """Worked out by hand: three forms, and the verb or the thing replaced."""
    expected = {}
    for form, verb, thing in (
        ("how can she {} {} easily ?", 0.45, 0.05),
        ("ways to easily {} {} ?", 0.27, 0.03),
        ("what helps her {} {} easily ?", 0.18, 0.02),
    ):
        expected |= {
            form.format("wash", "her clothes"): verb * 0.7,
            form.format("scrub", "her clothes"): verb * 0.3,
            form.format("clean", "her clothing"): thing * 2 / 3,
            form.format("clean", "her garments"): thing / 3,
        }
    check("paraphrase", "how should she easily clean her clothes ?", expected)
    expected = {}
    for form, verb, thing in (
        ("what helps us {0} our {1} before using {2} ?", 0.365, 0.035),
        ("ways to {0} our {1} before using {2} ?", 0.27, 0.03),
        ("before using our {1} how should we {0} {2} ?", 0.27, 0.03),
    ):
        expected |= {
            form.format("locate", "footwear", "it"): verb * 0.6,
            form.format("spot", "footwear", "it"): verb * 0.4,
            form.format("find", "shoes", "them"): thing * 0.6,
            form.format("find", "boots", "them"): thing * 0.4,
        }
    check("paraphrase", "how can we find our footwear before using it ?", expected)


def test_question_generation_known_answer() -> None:
    expected = {
        "who bought drums in cairo ?": 0.3,
        "what did anna buy in cairo ?": 0.3,
        "where did anna buy drums ?": 0.3,
    }
    cities = {"paris": 3, "london": 3, "rome": 2, "berlin": 1, "tokyo": 0.5}
    things = {"chairs": 3, "clocks": 3, "dolls": 2, "flutes": 1, "kites": 1, "lamps": 1}
    for city, weight in cities.items():
        for both in (f"cairo or {city}", f"{city} or cairo"):
            expected[f"did anna buy drums in {both} ?"] = 0.025 * weight / 9.5
    for thing, weight in (things | {"masks": 0.5}).items():
        for both in (f"drums or {thing}", f"{thing} or drums"):
            expected[f"did anna buy {both} in cairo ?"] = 0.025 * weight / 11.5
    check("question-generation", "anna bought drums in cairo .", expected)


def test_of_two_things_done_each_keeps_its_place() -> None:
    expected = {
        "who stole kites on sunday ?": 0.145,
        "who lost the kites in tokyo ?": 0.145,
        "what did ben steal on sunday ?": 0.145,
        "what did ben lose in tokyo ?": 0.145,
        "when did ben steal the kites he lost ?": 0.16,
        "where did ben lose the kites he stole ?": 0.16,
    }
    for day, weight in {"monday": 3, "tuesday": 2, "friday": 2, "saturday": 1}.items():
        for both in (f"sunday or {day}", f"{day} or sunday"):
            expected[f"did ben steal the kites on {both} ?"] = 0.025 * weight / 8
    for city, weight in {"paris": 3, "london": 3, "rome": 2, "berlin": 1, "cairo": 1}.items():
        for both in (f"tokyo or {city}", f"{city} or tokyo"):
            expected[f"did ben lose the kites in {both} ?"] = 0.025 * weight / 10
    check("question-generation", "ben stole kites on sunday and lost them in tokyo .", expected)


def test_simplification_known_answer() -> None:
    people = {"king": ("he", 0.7), "queen": ("she", 0.3)}
    children = {"boy": ("he", 0.6), "girl": ("she", 0.4)}
    by_king, who_was = {}, {}
    for person, (of_person, p) in people.items():
        for child, (of_child, c) in children.items():
            met = f"the {person} met the {child}"
            by_king[f"the rich {person} met the {child} ."] = 0.4 * p * c
            by_king[f"{met} . {of_person} was rich ."] = 0.6 * p * c
            who_was[f"the {person} met the rich {child} ."] = 0.4 * p * c
            who_was[f"{met} . {of_child} was rich ."] = 0.6 * p * c
    check("simplification", "the youngster was encountered by the wealthy monarch .", by_king)
    check("simplification", "the monarch encountered the youngster , who was wealthy .", who_was)


def test_simplification_tells_in_the_order_of_what_happened() -> None:
    misplaced_first = {}
    for person, pronoun, share in (("wife", "she", 0.6), ("husband", "he", 0.4)):
        lost = f"the {person} lost the book"
        for verb, chosen in (("checked", 0.8 * share), ("tested", 0.2 * share)):
            misplaced_first |= {
                f"{lost} . then {pronoun} {verb} the tower .": 0.6 * chosen,
                f"{lost} and then {verb} the tower .": 0.25 * chosen,
                f"the {person} {verb} the tower .": 0.15 * chosen,
            }
    source = "the spouse inspected the structure after misplacing the manuscript ."
    check("simplification", source, misplaced_first)


def test_a_list_may_have_any_order() -> None:
    expected = {}
    for order in itertools.permutations(("tower", "boots", "bread")):
        share = 0.25 if order == ("tower", "boots", "bread") else 0.15
        listed = "the {} , the {} and the {}".format(*order)
        expected |= {
            f"the king kept {listed} .": 0.7 * share,
            f"the queen kept {listed} .": 0.3 * share,
        }
    source = "the monarch retained the structure , the footwear and the nourishment ."
    check("simplification", source, expected)


def test_dialogue_known_answer() -> None:
    yes, no, speakers = (
        {"yes": 0.5, "sure": 0.3, "great": 0.2},
        {"sorry": 0.65, "no": 0.35},
        {"i": ("am", 0.7), "we": ("are", 0.3)},
    )
    others = {"noodles": 2, "pizza": 3, "rice": 1, "curry": 1, "salad": 0.5}
    foods = {food: weight / 7.5 for food, weight in others.items()}
    times = {"today": 0.3, "tomorrow": 0.3, "tonight": 0.2, "after work": 0.1, "next week": 0.1}
    expected = {f"{y} , call them at noon .": 0.12 * p for y, p in yes.items()}
    expected |= {f"{n} , they hate soup .": 0.08 * p for n, p in no.items()}
    for who, (be, share) in speakers.items():
        expected |= {f"{y} , {who} love soup .": 0.22 * p * share for y, p in yes.items()}
        expected |= {f"{n} , {who} hate soup .": 0.12 * p * share for n, p in no.items()}
        expected |= {f"{n} , {who} {be} busy at noon .": 0.08 * p * share for n, p in no.items()}
        expected |= {
            f"maybe , but {who} prefer {f} to soup .": 0.1 * p * share for f, p in foods.items()
        }
        expected |= {
            f"{who} {be} free {t} , not at noon .": 0.08 * p * share for t, p in times.items()
        }
    expected |= {f"maybe , how about {t} ?": 0.1 * p for t, p in times.items()}
    expected |= {f"maybe , how about soup {t} ?": 0.05 * p for t, p in times.items()}
    expected |= {f"maybe , how about {f} at noon ?": 0.05 * p for f, p in foods.items()}
    check("dialogue", "can we eat soup with my parents at noon ?", expected)


MIXTURES = {
    ("dialogue", "shall we watch films with anna tomorrow ?", "yes , i love films ."): [
        "yes , i hate films .",
        "sorry , i love films .",
        "no , we am busy tomorrow .",
        "sorry , she hate films .",
        "yes , call him tomorrow .",
        "maybe , but i prefer films to films .",
        "maybe , but i prefer news to boxing .",
        "maybe , but i prefer pizza to films .",
        "maybe , how about tomorrow ?",
        "maybe , how about films tomorrow ?",
        "maybe , how about news tonight ?",
        "we am free tonight , not tomorrow .",
        "maybe , i love films .",
    ],
    (
        "paraphrase",
        "how can i clean my luggage before selling it ?",
        "ways to clean my bags before selling them ?",
    ): [
        "ways to clean my luggage before selling it ?",
        "ways to wash my bags before selling them ?",
        "ways to clean my bags before selling it ?",
        "ways to wash my luggage before selling them ?",
        "what helps me wash our luggage before selling it ?",
    ],
    (
        "question-generation",
        "anna bought dolls in rome and sold them on friday .",
        "where did anna buy the dolls she sold ?",
    ): [
        "when did anna buy the dolls she sold ?",
        "where did anna sell the dolls she bought ?",
        "where did anna buy the dolls he sold ?",
        "where did anna bought the dolls she sold ?",
        "what did anna sell in rome ?",
        "did anna buy the dolls in rome or rome ?",
        "did anna buy the dolls in paris or london ?",
    ],
    (
        "simplification",
        "after observing the vessel , the sibling concealed the timepiece .",
        "the sister saw the boat . then she hid the watch .",
    ): [
        "the sister saw the boat . then he hid the watch .",
        "the sister saw the watch . then she hid the boat .",
        "the sister hid the watch . then she saw the boat .",
        "the sister saw the boat . and then hid the watch .",
    ],
}


@pytest.mark.parametrize(
    ("task_id", "source", "target", "mixture"),
    [(*of, mixture) for of, mixtures in MIXTURES.items() for mixture in mixtures],
)
def test_a_mixture_of_two_targets_is_invalid(
    task_id: str, source: str, target: str, mixture: str
) -> None:
    masses = load(task_id)[0].distribution(source)
    assert target in masses
    assert mixture not in masses


def test_only_known_grammars_load() -> None:
    with pytest.raises(KeyError):
        grammars.load("os")
