"""Facts of sources worked out by hand, and on real data against what the data notes count."""

from __future__ import annotations

import dataclasses

import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.api import Example
from benchmark.scoring.source_facts import describe_sources, facts_key
from benchmark.tasks import Task, load_task


def task_of(test: list[Example], train: list[Example] = []) -> Task:  # noqa: B006
    return Task("t", "jsonl", "T", 1, tuple(train), (), tuple(test))


def example(source: str, *references: str, name: str = "0") -> Example:
    return Example(name, source, references[0], references)


def test_length_overlap_and_likeness() -> None:
    train = [example("the old cat sat here", "He bought a red bike"), example("a b", "c d")]
    test = [
        # "the old cat sat", "old cat sat on", "cat sat on mats": one of three is in train.
        example("The old cat sat on mats", "a cat sat on a mat", "x"),
        # Two words, inside a target of train.
        example("red bike", "red bike", name="1"),
        example("b c", "c", name="2"),
        example("he bought a red bike", "y", name="3"),
    ]
    first, second, third, fourth = describe_sources(task_of(test, train))
    bleu = sentence_bleu(
        [["a", "cat", "sat", "on", "a", "mat"], ["x"]], ["the", "old", "cat", "sat", "on", "mats"],
        smoothing_function=SmoothingFunction().method4,
    )  # fmt: skip
    assert (first.id, first.length, first.overlap) == ("0", 6, 0.333)
    assert first.likeness == pytest.approx(bleu, abs=5e-4)
    assert (second.length, second.overlap) == (2, 1)
    # A piece does not reach from one text into the next.
    assert (third.overlap, fourth.overlap) == (0, 1)


def test_texts_without_spaces_are_counted_by_characters() -> None:
    test = [example("我要买一本新书", "我买书")]
    train = [example("他要买一本旧书", "好")]
    (found,) = describe_sources(task_of(test, train))
    # 我要买一, 要买一本, 买一本新, 一本新书: one of four is in train.
    assert (found.length, found.overlap) == (7, 0.25)


def test_an_empty_source_and_an_empty_train_are_no_error() -> None:
    empty, other = describe_sources(task_of([example("", "a"), example("a b", "a", name="1")]))
    assert (empty.length, empty.overlap, empty.likeness) == (0, 0, 0)
    assert other.overlap == 0


def test_the_key_is_of_the_data() -> None:
    test, train = [example("a", "b")], [example("c", "d")]
    key = facts_key(task_of(test, train))
    assert key == facts_key(dataclasses.replace(task_of(test, train), id="other"))
    assert key != facts_key(task_of(test, train * 2))
    assert key != facts_key(task_of([example("a", "x")], train))


def test_no_test_source_of_a_grammar_is_new_in_every_part() -> None:
    found = describe_sources(load_task("paraphrase", limits={"test": 50}))
    assert [f.id for f in found] == [e.id for e in load_task("paraphrase").test[:50]]
    assert all(3 <= f.length <= 11 and 0 <= f.overlap <= 1 for f in found)
