from __future__ import annotations

from collections import Counter

import pytest

from benchmark.api import read_control
from benchmark.tasks.control_answers import FEATURES, ControlAnswers, conditional
from benchmark.tasks.control_splits import CONTROLS, EDITS, REQUESTS, splits

# Drawing the splits takes seconds.
pytestmark = pytest.mark.slow
ANSWERS = ControlAnswers("control")


def test_every_level_is_asked_for_equally_often() -> None:
    lines = Counter(example.source for example in splits("control", edit=False)["test"])
    assert set(lines.values()) == {REQUESTS}
    levels = Counter(len(control.wanted) for control in map(read_control, lines) if control)
    assert levels == dict.fromkeys(range(1, 5), CONTROLS)
    ids = [example.id for example in splits("control", edit=False)["test"]]
    assert len(set(ids)) == len(ids) == 4 * CONTROLS * REQUESTS


def test_edits_are_of_held_out_sentences_with_other_values() -> None:
    whole = splits("control", edit=True)
    known = {example.target for example in whole["train"]}
    levels: Counter[int] = Counter()
    for example in whole["test"]:
        control = read_control(example.source)
        assert control is not None and control.text is not None and control.text not in known
        original = ANSWERS.grammar.parse(control.text)
        assert original is not None
        assert all(original.values[name] != value for name, value in control.wanted.items())
        levels[len(control.wanted)] += 1
    assert levels == {1: EDITS, 2: EDITS, 3: EDITS}


@pytest.mark.parametrize("edit", [False, True])
def test_targets_do_what_their_lines_ask_for(edit: bool) -> None:
    for example in splits("control", edit=edit)["test"][::37]:
        for text in example.references:
            found = ANSWERS.judge(example.source, text)
            assert found.success
            assert found.kept is (True if edit else None)
            assert found.others_kept is (True if edit else None)
        if edit:
            assert set(example.references) <= set(conditional("control", example.source, 1.0))


def test_training_is_each_sentence_under_its_own_values() -> None:
    for example in splits("control", edit=False)["train"][:200]:
        parsed = ANSWERS.grammar.parse(example.target)
        assert parsed is not None and dict(parsed.values) == dict(example.attributes)
        assert ANSWERS.judge(example.source, example.target).success


def test_a_long_tail_is_not_shown_by_a_few_labels() -> None:
    seen = [set(), set()]  # type: list[set[str]]
    for found, count in zip(seen, (200, 12_000), strict=True):
        for example in splits("control", edit=False)["train"][:count]:
            found.update(example.target.split())
    vocabulary = ANSWERS.grammar.vocabulary()
    assert seen[1] == vocabulary
    assert 0.6 < len(seen[0]) / len(vocabulary) < 0.9


def test_judgements_of_what_misses() -> None:
    line = "sentiment: positive | food: italian => what bad taco anna ordered near the mill"
    right = ANSWERS.judge(line, "what great pizza anna ordered near the mill")
    assert right.success and right.kept and right.others_kept
    half = ANSWERS.judge(line, "what great taco anna ordered near the mill")
    assert half.wanted == {"sentiment": True, "food": False} and not half.success
    other = ANSWERS.judge(line, "what great pizza anna orders near the mill")
    assert other.success and not other.others_kept and not other.kept
    elsewhere = ANSWERS.judge(line, "what great pizza anna ordered near the lake")
    assert elsewhere.success and not elsewhere.kept and elsewhere.others_kept
    broken = ANSWERS.judge(line, "what great great pizza")
    assert not broken.valid and not broken.success and broken.kept is False


def test_shares_are_distributions() -> None:
    for name in (*FEATURES, *ANSWERS.attributes):
        assert sum(ANSWERS.shares("sentiment: positive", name).values()) == pytest.approx(1)
    assert set(ANSWERS.shares("food: french", "dish")) == set(
        ANSWERS.grammar.categories["dish"].words["french"]
    )


def test_lines_of_every_length_are_learnt_equally_often() -> None:
    train = splits("control", edit=False)["train"]
    lengths = Counter(len(c.wanted) for e in train if (c := read_control(e.source)) is not None)
    assert set(lengths) == {1, 2, 3, 4}
    # 12,000 draws of four: 3,000 each, with a standard deviation of 47.
    assert all(abs(count - 3_000) < 250 for count in lengths.values())
    assert {frozenset(e.attributes) for e in train} == {frozenset(ANSWERS.attributes)}
