"""What holds for the four grammars, by enumeration; nothing here is estimated."""

from __future__ import annotations

import functools
import math

import pytest

from benchmark.tasks import grammars
from benchmark.tasks.grammar import Grammar, tempered

# task: distinct sources, words, targets a source, tokens of the longest source and target
SHAPES = {
    "paraphrase": (13_440, 49, {6, 9, 12, 18}, 8, 8),
    "question-generation": (26_568, 58, {3, 4, 8}, 9, 9),
    "simplification": (5_831, 72, {1, 2, 3}, 10, 10),
    "dialogue": (3_600, 78, {24, 32}, 10, 8),
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
    assert len(grammar.vocabulary()) == words <= 90
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
    """Worked out by hand: 3 forms, (clean .6, wash .4), and one adverb."""
    check(
        "paraphrase",
        "ways to cheaply wash her car ?",
        {
            "how can she clean her car cheaply ?": 0.65 * 0.6,
            "how can she wash her car cheaply ?": 0.65 * 0.4,
            "how should she cheaply clean her car ?": 0.25 * 0.6,
            "how should she cheaply wash her car ?": 0.25 * 0.4,
            "what helps her clean her car cheaply ?": 0.1 * 0.6,
            "what helps her wash her car cheaply ?": 0.1 * 0.4,
        },
    )


def test_question_generation_known_answer() -> None:
    check(
        "question-generation",
        "anna sold a drum in rome .",
        {
            "who sold a drum in rome ?": 0.35,
            "what did anna sell in rome ?": 0.3,
            "where did anna sell a drum ?": 0.25,
            "in which city did anna sell a drum ?": 0.1,
        },
    )


def test_simplification_known_answer() -> None:
    check(
        "simplification",
        "the kind farmer observed the timepiece .",
        {
            "the kind farmer saw the clock .": 0.85 * 0.7,
            "the kind farmer watched the clock .": 0.85 * 0.3,
            "the farmer saw the clock .": 0.15,
        },
    )
    check(
        "simplification",
        "the burglar concealed a garment , which was peculiar .",
        {
            "the thief hid an odd shirt .": 0.75,
            "the thief hid a shirt . it was odd .": 0.25,
        },
    )


def test_dialogue_known_answer() -> None:
    yes, no, speakers = (
        {"yes": 0.5, "sure": 0.3, "great": 0.2},
        {"sorry": 0.65, "no": 0.35},
        {"i": ("am", 0.7), "we": ("are", 0.3)},
    )
    expected = {f"{y} , call them at noon .": 0.15 * p for y, p in yes.items()}
    expected |= {f"{n} , they hate soup .": 0.08 * p for n, p in no.items()}
    for who, (be, share) in speakers.items():
        expected |= {f"{y} , {who} love soup .": 0.3 * p * share for y, p in yes.items()}
        expected |= {f"{n} , {who} hate soup .": 0.15 * p * share for n, p in no.items()}
        expected |= {f"{n} , {who} {be} busy at noon .": 0.12 * p * share for n, p in no.items()}
        expected |= {
            f"maybe , but {who} prefer {food} .": 0.12 * share / 4
            for food in ("noodles", "pizza", "rice", "curry")
        }
    times = {"today": 2, "tomorrow": 2, "tonight": 1, "after work": 1, "next week": 1}
    expected |= {f"maybe , how about {t} ?": 0.08 * w / 7 for t, w in times.items()}
    check("dialogue", "can we eat soup with my parents at noon ?", expected)


@pytest.mark.parametrize(
    "mixture",
    [
        "yes , i hate films .",
        "sorry , i love films .",
        "no , we am busy tomorrow .",
        "sorry , she hate films .",
        "yes , call him tomorrow .",
        "maybe , but i prefer films .",
        "maybe , but i prefer pizza .",
        "maybe , how about tomorrow ?",
        "maybe , i love films .",
    ],
)
def test_a_mixture_of_two_replies_is_invalid(mixture: str) -> None:
    masses = load("dialogue")[0].distribution("shall we watch films with anna tomorrow ?")
    assert "yes , i love films ." in masses
    assert mixture not in masses


def test_only_known_grammars_load() -> None:
    with pytest.raises(KeyError):
        grammars.load("os")
