"""The forms in which `datasets`, `pipeline`, `evaluate` and lm-evaluation-harness write outputs."""

from __future__ import annotations

import json

import pytest

from benchmark.api import UserError
from benchmark.outputs.json_lines_format import read_json_lines
from benchmark.outputs.json_records import looks_like_json

SAMPLE = {
    "doc_id": 1,
    "doc": {"question": "Who?", "id": "q-1"},
    "target": "he",
    "arguments": {"gen_args_0": {"arg_0": "Q: Who?\nA:", "arg_1": {"until": ["\n"]}}},
    "resps": [["him, surely\n"]],
    "filtered_resps": ["him, surely"],
    "filter": "none",
    "doc_hash": "0",
    "prompt_hash": "1",
    "target_hash": "2",
    "bleu": 0.5,
}


def texts(rows):
    return [[c.text for c in row.candidates] for row in rows]


def read(write, value, key=None, name="a.json"):
    return read_json_lines(write(name, json.dumps(value)), key)


def test_samples_of_lm_evaluation_harness(write):
    path = write("samples_task_2024.jsonl", json.dumps(SAMPLE) + "\n")
    (row,) = read_json_lines(path)
    assert (row.number, row.source, row.references) == (1, "Who?", ("he",))
    assert texts([row]) == [["him, surely"]] and row.ignored == ("bleu",)
    assert texts(read_json_lines(path, "resps")) == [["him, surely\n"]]


@pytest.mark.parametrize(
    ("resps", "candidates"),
    [([["a", "b"]], ["a", "b"]), ([["a"], ["b"]], ["a", "b"]), ([[["a", "b"]]], ["a", "b"])],
)
def test_repeats_of_lm_evaluation_harness(write, resps, candidates):
    assert texts(read(write, {"doc_id": 0, "resps": resps}, name="a.jsonl")) == [candidates]


def test_log_likelihoods_are_no_texts(write):
    with pytest.raises(UserError, match="holds log-likelihoods and no texts"):
        read(write, [{"doc_id": 0, "resps": [[["-1.5", "False"]], [["-0.2", "True"]]]}])
    with pytest.raises(UserError, match="holds log-likelihoods and no texts"):
        read(write, [{"doc_id": 0, "filtered_resps": [["-1.5", "False"], ["-0.2", "True"]]}])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"input": "a", "Prediction": "b"}, {"input": "c", "Prediction": "d"}], [["b"], ["d"]]),
        ([[{"generated_text": "a"}, {"generated_text": "b"}], [{"generated_text": "c"}]],
         [["a", "b"], ["c"]]),
        ([{"generated_text": "a"}], [["a"]]),
        (["a", "b"], [["a"], ["b"]]),
        ({"data": [{"src": "x", "hypotheses": ["a", "b"]}]}, [["a", "b"]]),
        ({"predictions": ["a", "b"], "references": [["x"], ["y"]]}, [["a"], ["b"]]),
        ({"predictions": ["a", "b"], "references": ["x", "y"]}, [["a"], ["b"]]),
        ({"source": ["x", "y"], "generated_text": ["a", "b"], "n": [1, 2]}, [["a"], ["b"]]),
        # One object of one source, as ever.
        ({"source": "x", "outputs": ["a", "b"]}, [["a", "b"]]),
        ({"candidates": ["a", "b"]}, [["a", "b"]]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 1])
def test_lists_and_columns(write, value, expected, indent):
    path = write("a.json", json.dumps(value, indent=indent))
    assert texts(read_json_lines(path)) == expected
    assert looks_like_json(path.read_text().split("\n"))


def test_columns_keep_sources_and_references(write):
    rows = read(write, {"src": ["a", "b"], "target": ["x", "y"], "pred": ["c", "d"]})
    assert [(r.source, r.references) for r in rows] == [("a", ("x",)), ("b", ("y",))]
    assert [row.where.rpartition(", ")[2] for row in rows] == ["record 1", "record 2"]


def test_the_key_is_chosen(write):
    value = [{"source": "a", "output": "b", "prediction": "c"}]
    assert texts(read(write, value, "prediction")) == [["c"]]
    assert read(write, value, "prediction")[0].ignored == ("output",)
    with pytest.raises(UserError, match="record 1 has both output and prediction"):
        read(write, value)
    with pytest.raises(UserError, match=r"no key 'predicton' .* did you mean 'prediction'"):
        read(write, value, "predicton")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"output": "a"}, 3]', "record 2 is not a JSON object"),
        ("[]", "an empty list"),
        ('[{"output": "a"', "is not JSON"),
        ('[{"output": "a", "output": "b"}]', 'has the key "output" twice'),
        ('{"output": "a", "output": "b"}', 'line 1: the key "output" stands twice'),
        ('[{"output": "\\ud800"}]', "record 1 holds half a surrogate pair"),
        ('{"predictions": ["a"], "references": ["b", "c"]}', "predictions 1, references 2"),
        ('[{"text": "a"}]', "no outputs under a known name .its keys are 'text'.*--key"),
        ('[{"output": null}]', '"output" is not a string or a list'),
        ('[{"outputs": [["a", "b"], ["c", "d"]]}]', "holds lists within a list"),
        ('[{"output": "a", "idx": "x"}]', '"idx" is not a whole number from 0'),
        ("[" * 100_000, "is not readable JSON"),
    ],
)
def test_mistakes(write, text, sentence):
    with pytest.raises(UserError, match=sentence):
        read_json_lines(write("a.json", text))
