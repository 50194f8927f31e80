from __future__ import annotations

import math
import random

import pytest

from benchmark.api import UserError
from benchmark.tasks.grammar import Frame, Grammar, Rule, entry, pick, synonyms, tempered

CATEGORIES = {
    "animal": (entry("cat", 3.0, many="cats"), entry("dog", many="dogs"), entry("ox", many="oxen")),
    "person": (entry("i", am="am"), entry("we", 3.0, am="are")),
    "size": synonyms({"big": 0.75, "large": 0.25}),
}


def build(*rules: Rule, source: str = "a {s:size} {x:animal} !") -> Grammar:
    return Grammar("toy", 1, categories=CATEGORIES, frames=(Frame(1.0, source, rules),))


def test_slots_are_copied_inflected_and_replaced_by_synonyms() -> None:
    grammar = build(Rule(3.0, "{x.many} are {s.syn}"), Rule(1.0, "see {x}"))
    assert grammar.distribution("a large ox !") == pytest.approx(
        {"oxen are big": 0.5625, "oxen are large": 0.1875, "see ox": 0.25}
    )


def test_a_latent_choice_agrees_with_itself() -> None:
    grammar = build(Rule(1.0, "{p:person} {p.am} , {p}"))
    assert grammar.distribution("a big cat !") == pytest.approx(
        {"i am , i": 0.25, "we are , we": 0.75}
    )


def test_a_form_can_be_drawn_and_repeated() -> None:
    grammar = build(Rule(1.0, "{p:person.am} {p}"))
    assert set(grammar.distribution("a big cat !")) == {"am i", "are we"}


def test_options_are_drawn_anew_at_every_mention() -> None:
    masses = build(Rule(1.0, "{s.syn} {s.syn}")).distribution("a big cat !")
    assert masses["big big"] == pytest.approx(0.75**2)
    assert masses["big large"] == masses["large big"] == pytest.approx(0.75 * 0.25)


def test_a_draw_that_differs_renormalises_the_others() -> None:
    masses = build(Rule(1.0, "not {y:animal!x}")).distribution("a big dog !")
    assert masses == pytest.approx({"not cat": 0.75, "not ox": 0.25})


def test_two_derivations_of_one_text_are_summed() -> None:
    grammar = build(Rule(1.0, "see {x}"), Rule(1.0, "see {x}"), Rule(2.0, "hm"))
    assert grammar.distribution("a big dog !") == pytest.approx({"see dog": 0.5, "hm": 0.5})


def test_sources_have_the_product_of_the_weights() -> None:
    masses = dict(build(Rule(1.0, "hm")).sources())
    assert len(masses) == 6
    assert masses["a big cat !"] == pytest.approx(0.5 * 3 / 5)
    assert math.fsum(masses.values()) == pytest.approx(1.0)


def test_agreement_inside_a_source_is_part_of_parsing() -> None:
    grammar = build(Rule(1.0, "{p}"), source="{p:person} {p.am} here")
    assert grammar.distribution("we are here") == {"we": 1.0}
    assert grammar.distribution("we am here") == {}


def test_a_slot_can_be_printed_in_a_form() -> None:
    grammar = build(Rule(1.0, "{x}"), source="two {x:animal.many}")
    assert grammar.distribution("two oxen") == {"ox": 1.0}


@pytest.mark.parametrize(
    "text", ["", "a big cat", "a big cat ! !", "a  big cat !", "a big cow !", "A big cat !"]
)
def test_foreign_sources_have_no_targets(text: str) -> None:
    grammar = build(Rule(1.0, "hm"))
    assert grammar.distribution(text) == {}
    assert tempered(grammar.distribution(text), 0.5) == {}
    with pytest.raises(ValueError, match="not a source"):
        grammar.sample(text, random.Random(0))


def test_sampling_inverts_the_cumulative_distribution() -> None:
    """A source of uniforms on an even grid gives each target its exact share."""

    class Grid(random.Random):
        def __init__(self) -> None:
            super().__init__(0)
            self.draws: list[float] = []

        def random(self) -> float:
            return self.draws.pop(0)

    grammar = build(Rule(3.0, "{x.many} are {s.syn}"), Rule(1.0, "see {x}"))
    grid, counts = Grid(), dict.fromkeys(grammar.distribution("a large ox !"), 0)
    for rule in range(8):
        for synonym in range(8):
            # One uniform for the rule, one a mention: the first mention has one option only.
            grid.draws = [(rule + 0.5) / 8, 0.5, (synonym + 0.5) / 8]
            counts[grammar.sample("a large ox !", grid)] += 1
    assert counts == {"oxen are big": 36, "oxen are large": 12, "see ox": 16}


def test_pick_survives_a_uniform_next_to_one() -> None:
    class Last(random.Random):
        def random(self) -> float:
            return math.nextafter(1.0, 0.0)

    assert pick([("a", 0.1), ("b", 0.2), ("c", 0.7)], Last()) == "c"


def test_temperature_is_a_power_renormalised() -> None:
    half = tempered({"a": 0.5, "b": 0.3, "c": 0.2}, 0.5)
    assert half == pytest.approx({"a": 0.25 / 0.38, "b": 0.09 / 0.38, "c": 0.04 / 0.38})
    double = tempered({"a": 0.64, "b": 0.36}, 2.0)
    assert double == pytest.approx({"a": 0.8 / 1.4, "b": 0.6 / 1.4})


def test_temperature_one_is_the_distribution_itself() -> None:
    assert tempered({"a": 0.1, "b": 0.9}, 1.0) == {"a": 0.1, "b": 0.9}


def test_extreme_temperatures_neither_underflow_nor_overflow() -> None:
    assert tempered({"a": 0.6, "b": 0.4}, 1e-6) == {"a": 1.0, "b": 0.0}
    assert tempered({"a": 0.6, "b": 0.4}, math.inf) == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_bad_temperatures_are_user_errors(temperature: float) -> None:
    with pytest.raises(UserError, match="greater than 0"):
        tempered({"a": 1.0}, temperature)


@pytest.mark.parametrize(
    ("rule", "source", "message"),
    [
        ("{z}", "a {x:animal}", "bad mention"),
        ("{x.none}", "a {x:animal}", "bad mention"),
        ("{y:none}", "a {x:animal}", "bad mention"),
        ("{y:animal!z}", "a {x:animal}", "unbound 'z'"),
        ("{x", "a {x:animal}", "bad mention '{x'"),
        ("hm", "a {x:none}", "bad slot 'x'"),
        ("hm", "a {x}", "bad slot 'x'"),
        ("hm", "a {s:size.syn}", "bad slot 's'"),
    ],
)
def test_a_faulty_grammar_is_named(rule: str, source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(Rule(1.0, rule), source=source)


def test_weights_must_be_positive() -> None:
    with pytest.raises(ValueError, match="not positive"):
        build(Rule(0.0, "hm"))
    with pytest.raises(ValueError, match="must be positive"):
        entry("a", form={"b": 0.0})


def test_vocabulary_counts_every_token_once() -> None:
    grammar = build(Rule(1.0, "see {x.many}"))
    assert {"a", "!", "see", "cat", "oxen", "large"} <= grammar.vocabulary()
    assert "a {s:size}" not in grammar.vocabulary()
