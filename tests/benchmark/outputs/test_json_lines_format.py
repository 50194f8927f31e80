from __future__ import annotations

import json

import pytest

from benchmark.api import Candidate, Example, UserError
from benchmark.generation.candidates_file import candidate_lines
from benchmark.outputs.json_lines_format import read_json_lines


def test_all_that_a_line_can_say(write):
    rows = [
        {"id": 7, "source": "a b", "references": ["c", "d"], "candidates": ["e", {"text": "f"}]},
        {"source": "a b", "reference": "c", "output": "e", "note": "not read"},
        {"candidate": " "},
    ]
    path = write("outputs.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    first, second, third = read_json_lines(path)
    assert (first.id, first.source, first.references) == ("7", "a b", ("c", "d"))
    assert first.candidates == (Candidate("e"), Candidate("f"))
    assert (second.id, second.references, second.candidates) == (None, ("c",), (Candidate("e"),))
    assert (third.source, third.references) == (None, None)
    assert third.candidates == (Candidate(" ", "empty"),)
    assert third.where == f"{path}, line 3"


def test_reads_the_candidates_file_of_a_store(write):
    example = Example("test-1", "a b", "c", ("c", "d"))
    made = (Candidate("e", "unfinished", -1.25), Candidate("", "empty"))
    (row,) = read_json_lines(write("candidates.jsonl", "".join(candidate_lines([example], [made]))))
    assert (row.id, row.source, row.references, row.candidates) == (
        "test-1", "a b", ("c", "d"), made,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"id": "a"}, "has no outputs"),
        ({"output": "a", "candidates": ["a"]}, "both candidates and output"),
        ({"output": 3}, '"output" is not a string'),
        ({"candidates": []}, "not a list of outputs"),
        ({"candidates": "a"}, "not a list of outputs"),
        ({"candidates": [None]}, "neither a string nor an object"),
        ({"candidates": [{"txt": "a"}]}, 'the key "text" is missing'),
        ({"candidates": [{"text": "a", "status": "fine"}]}, "use ok, empty"),
        ({"candidates": [{"text": "a", "logprob": "x"}]}, "\"logprob\" is 'x'"),
        ({"candidates": [{"text": "a", "logprob": 10**400}]}, "write a finite number"),
        ({"candidates": [{"text": "a", "logprob": True}]}, '"logprob" is True'),
        ({"id": 1.5, "output": "a"}, '"id" is neither'),
        ({"id": True, "output": "a"}, '"id" is neither'),
        ({"source": ["a"], "output": "a"}, '"source" is not a string'),
        ({"references": "a", "output": "a"}, '"references" is not a list'),
    ],
)
def test_mistakes(write, fields, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        read_json_lines(write("outputs.jsonl", json.dumps(fields) + "\n"))
    assert "outputs.jsonl, line 1" in str(caught.value)
