"""Lengths that grow, texts that are cut, references that cannot be written: by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmark.api import Example
from benchmark.api.tokenizers import TokenizerRecipe
from benchmark.experiment.canvas import (
    MOST,
    SOURCE_MARKS,
    TARGET_MARKS,
    canvas_key,
    describe_canvas,
    resolve_canvas,
)
from benchmark.experiment.recipes import LengthsRecipe, TaskRecipe
from benchmark.tasks import Task
from benchmark.tasks.data_notes import CutTexts


def examples(split: str, *sizes: tuple[int, int], word: str = "red") -> tuple[Example, ...]:
    """One for each (source, target), in words."""
    made = []
    for number, (source, target) in enumerate(sizes, start=1):
        text = " ".join([word] * target)
        made.append(Example(f"{split}-{number}", " ".join(["red"] * source), text, (text,)))
    return tuple(made)


def task_of(train: Sequence[Example], test: Sequence[Example]) -> Task:
    return Task("mine", "jsonl", "mine", 1, tuple(train), (), tuple(test))


def recipe(source: int | str, target: int | str) -> TaskRecipe:
    lengths = LengthsRecipe.model_validate({"source": source, "target": target})
    return TaskRecipe(lengths=lengths, tokenizer=TokenizerRecipe(kind="word"))


def test_texts_that_do_not_fit_are_counted_with_their_marks() -> None:
    task = task_of(
        examples("train", (7, 3), (8, 4), (1, 9)), examples("test", (1, 3), (20, 4), (1, 1))
    )
    found = describe_canvas(recipe(7 + SOURCE_MARKS, 3 + TARGET_MARKS), task)
    assert found.cut == {
        "train": CutTexts(of=3, sources=1, targets=2, longest_source=11, longest_target=11),
        "test": CutTexts(of=3, sources=1, targets=1, longest_source=23, longest_target=6),
    }
    assert found.sentences() == [
        "2 of 3 train targets do not fit into lengths.target (5 tokens with their marks; the"
        " longest takes 11) and 1 of 3 train sources do not fit into lengths.source (10 tokens with"
        " their marks; the longest takes 11) and are cut.",
        "1 of 3 test targets do not fit into lengths.target (5 tokens with their marks; the longest"
        " takes 6) and 1 of 3 test sources do not fit into lengths.source (10 tokens with their"
        " marks; the longest takes 23) and are cut.",
    ]


def test_where_all_fit_nothing_is_said() -> None:
    task = task_of(examples("train", (2, 2)), examples("test", (2, 2)))
    assert describe_canvas(recipe(5, 4), task).sentences() == []


def test_references_with_an_unknown_word_are_counted() -> None:
    test = [*examples("test", (1, 2)), *examples("test", (1, 1), word="blue")]
    found = describe_canvas(recipe(20, 20), task_of(examples("train", (1, 1)), test))
    assert (found.unwritable, found.references) == ({"test": 1}, {"test": 2})
    (sentence,) = found.sentences()
    assert sentence == (
        "1 of 2 test references do not come back from the tokeniser of the task as they are,"
        " capitals aside: no system with it can write them."
    )


def test_the_case_that_a_tokeniser_drops_is_no_loss() -> None:
    test = examples("test", (1, 1), word="RED")
    found = describe_canvas(recipe(20, 20), task_of(examples("train", (1, 1)), test))
    assert found.unwritable == {"test": 0}


def test_a_length_with_a_plus_grows_to_what_most_of_train_needs() -> None:
    # Of 200 targets one is longer than 30 words, which is less than one in a hundred.
    train = examples("train", *[(4, 30)] * 199, (4, 90))
    task = task_of(train, examples("test", (4, 4)))
    grown = resolve_canvas(recipe("16+", "16+"), task)
    assert grown.lengths == LengthsRecipe(source=16, target=32)
    found = describe_canvas(recipe("16+", "16+"), task)
    assert (found.source, found.target, found.usual_target) == (16, 32, 16)
    assert found.sentences()[0] == (
        "200 of 200 train targets do not fit into the usual 16 tokens with their marks, so"
        " lengths.target is 32 here."
    )
    assert found.cut["train"].targets == 1


def test_where_train_fits_a_recipe_is_that_of_the_plain_numbers() -> None:
    task = task_of(examples("train", (4, 4)), examples("test", (4, 400)))
    plain, growing = (resolve_canvas(recipe(*of), task) for of in ((56, 56), ("56+", "56+")))
    assert plain == growing


def test_growth_ends_and_a_plain_number_does_not_grow() -> None:
    task = task_of(examples("train", (4, 900)), examples("test", (4, 4)))
    assert resolve_canvas(recipe("16+", "16+"), task).lengths.target == MOST
    assert resolve_canvas(recipe("16+", "999+"), task).lengths.target == 999
    assert resolve_canvas(recipe(16, 16), task).lengths.target == 16


def test_without_a_train_split_a_length_is_what_is_written() -> None:
    task = task_of((), examples("test", (4, 400)))
    assert resolve_canvas(recipe("16+", 8), task).lengths == LengthsRecipe(source=16, target=8)


def test_the_key_of_the_notes_is_that_of_data_tokeniser_and_lengths() -> None:
    task = task_of(examples("train", (4, 4)), examples("test", (4, 4)))
    other = task_of(examples("train", (4, 5)), examples("test", (4, 4)))
    keys = {canvas_key(recipe(9, 9), task), canvas_key(recipe(9, 9), other)}
    keys |= {canvas_key(recipe(9, "9+"), task)}
    assert len(keys) == 3 and canvas_key(recipe(9, 9), task) in keys


@pytest.mark.parametrize("length", ["0+", "+", "9 +", "-3", "long", 0, 1.5, True])
def test_other_lengths_are_refused(length: object) -> None:
    with pytest.raises(ValueError, match="source"):
        LengthsRecipe.model_validate({"source": length, "target": 9})
