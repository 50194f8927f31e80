"""Which columns are source, target and references."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.api import UserError
from benchmark.tasks.pair_columns import Columns, Pair, find_columns, read_pair


def read(row: dict[str, Any], *names: str | None) -> Pair | None:
    return read_pair(row, find_columns(row, Columns(*names), "f"), "f, line 1")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"src": 1, "trg": 2, "source": 3}, Columns("src", "trg")),
        ({"Question": 1, "answer": 2, "id": 3}, Columns("Question", "answer")),
        ({"document": 1, "summary": 2, "refs": 3}, Columns("document", "summary", "refs")),
        ({"input": 1, "references": 2}, Columns("input", None, "references")),
    ],
)
def test_columns_are_found_by_their_names(row: dict[str, Any], found: Columns) -> None:
    assert find_columns(row, Columns(), "f") == found


def test_columns_inside_others() -> None:
    row = {"translation": {"en": "a", "de": "b"}, "answers": {"text": ["b", "c"]}}
    pair = read(row, "translation.en", "translation.de", "answers.text")
    assert pair == Pair("a", "b", ("b", "c"))
    # A name with a dot of its own goes before.
    assert read({"x.y": "a", "x": {"y": "no"}, "trg": "b"}, "x.y") == Pair("a", "b", ("b",))


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["c", "b", " "], Pair("a", "b", ("b", "c"), 1)),
        (None, Pair("a", "b", ("b",))),
        ("c", Pair("a", "b", ("b", "c"))),
        ('["c", "b"]', Pair("a", "b", ("b", "c"))),
        ("[c]", Pair("a", "b", ("b", "[c]"))),
    ],
)
def test_references(references: Any, expected: Pair) -> None:
    assert read({"src": "a", "trg": "b", "refs": references}) == expected


def test_without_a_target_the_first_reference_is_it() -> None:
    assert read({"src": "a", "refs": ["d", "e"]}) == Pair("a", "d", ("d", "e"))
    assert read({"src": "a", "refs": []}) is None
    assert read({"src": " ", "trg": "b"}) is read({"src": "a", "trg": None}) is None


@pytest.mark.parametrize(
    ("row", "names", "sentence"),
    [
        ({"q": "a", "p": "b"}, (), "which column of q, p is the source is not certain: name it"
         " with --source-key"),
        ({"input": "a", "question": "b", "trg": "c"}, (), "which of input, question is the source"),
        ({"src": "a", "t": {"en": "b"}}, (), r"which column of src, t\.en is the target"),
        ({"src": "a", "trg": "b"}, ("scr",), r"no column 'scr' \(--source-key\): did you mean"),
        ({"t": {"en": "a", "de": "b"}}, ("en", "de"), r"did you mean 't\.en'"),
        ({"abc": "a", "trg": "b"}, ("q",), "it has abc, trg"),
        ({"src": 3, "trg": "b"}, (), r"'src' is a number and no text \(3\): write it in quotes"),
        ({"src": "a", "trg": ["b"]}, (), r"'trg' is a list and no text"),
        ({"src": "a", "trg": "b", "refs": [["b"]]}, (), "is a list of lists"),
        ({"src": "a", "trg": "b", "refs": '[["b"]]'}, (), "is a list of lists"),
        ({"src": "a", "trg": "b", "refs": ["b", 1]}, (), "holds 1, which is no text: write"),
        ({"src": "a", "trg": "b", "refs": "['b', 'c']"}, (), "list as Python prints it"),
        ({"src": "\ud800", "trg": "b"}, (), "half a surrogate"),
    ],
)  # fmt: skip
def test_what_is_no_pair_is_one_sentence(
    row: dict[str, Any], names: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        read(row, *names)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("f")


def test_a_later_row_without_the_column() -> None:
    with pytest.raises(UserError, match="f, line 2 has no 'target': did you mean 'targets'"):
        read_pair({"source": "a", "targets": "b"}, Columns("source", "target"), "f, line 2")
