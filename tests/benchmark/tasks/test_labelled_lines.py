from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.api import UserError
from benchmark.tasks.labelled_lines import is_labelled, read_labelled

Write = Callable[..., Path]
RUDE = {"sentiment": "negative"}
KIND = {"sentiment": "positive"}


def test_the_four_forms(write: Write) -> None:
    path = write(
        "t/test.jsonl",
        [
            {"text": "rude .", "attributes": RUDE},
            {"src": "rude .", "trg": "kind .", "attributes": RUDE, "target_attributes": KIND},
            {"src": "s : n", "trg": "a", "refs": ["a", "b"], "attributes": RUDE},
            {"words": ["x"], "attributes": {" sentiment ": " negative "}},
        ],
    )
    found = read_labelled(path)
    assert [line.form for line in found.lines] == ["text", "rewrite", "slots", "request"]
    assert [line.texts for line in found.lines] == [("rude .",), ("rude .",), ("a", "b"), ()]
    assert found.lines[1].rewrites == ("kind .",) and found.lines[1].rewritten == KIND
    assert all(line.attributes == RUDE for line in found.lines)
    assert found.ignored_keys == {"words": 1}
    assert is_labelled(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, 'line 2: the key "attributes" is missing: write'),
        ({"text": "a", "attributes": {}}, 'line 2: "attributes" is empty: write'),
        ({"text": "a", "attributes": "x"}, '"attributes" is not an object but a string'),
        ({"text": "a", "attributes": {"n": 1}}, 'the value of "n" in "attributes" is not a string'),
        ({"text": "a", "attributes": {"n": " "}}, 'a name or a value in "attributes" is empty'),
        ({"text": " ", "attributes": RUDE}, '"text" is empty: fill it or remove the line'),
        ({"text": "a", "src": "b", "attributes": RUDE}, 'it has "text" and "src": keep one form'),
        ({"text": "a", "refs": ["b"], "attributes": RUDE}, 'it has "text" and "refs"'),
        ({"refs": ["b"], "attributes": RUDE}, 'the key "trg" is missing'),
        ({"src": "a", "attributes": RUDE}, 'the key "trg" is missing'),
        (
            {"src": "a", "trg": "b", "attributes": RUDE, "target_attributes": RUDE},
            '"target_attributes" change nothing: name another value',
        ),
        ('{"text": "\\ud800", "attributes": {"n": "v"}}', "half a surrogate pair"),
    ],
)
def test_a_bad_line_is_told_with_file_and_number(write: Write, row: Any, message: str) -> None:
    path = write("t/train.jsonl", [{"text": "a", "attributes": RUDE}, row])
    with pytest.raises(UserError) as raised:
        read_labelled(path)
    assert str(path) in str(raised.value) and message in str(raised.value)
