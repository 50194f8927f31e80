from __future__ import annotations

import json

import pytest

from benchmark.records.value_packing import pack_values, unpack_values


def lines(*rows) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def row_of(source: str, each: list[float], **more):
    metrics = {"bleu": each, "self_bleu": 0.25, "counts": [[1, 2] for _ in each]}
    return {"id": source, "mbr_index": 0, "metrics": metrics, **more}


def test_files_come_back_to_the_letter():
    files = {
        "values/b.jsonl": lines(row_of("test-2", [1.0, 0.5]), row_of("test-1", [1, 1.0])),
        # One candidate, a source of another shape, words, what is undefined, and no metric at all.
        "values/a.jsonl": lines(
            row_of("test-1", [0.5]),
            {
                "id": "Grö\u2028ße",
                "metrics": {"kept": None, "pairs": [1, 2], "each": [3, 4, 5]},
                "to": 1,
            },
            {"id": "test-2", "metrics": {}},
        ),
        "values/empty.jsonl": "",
    }
    text = pack_values(files)
    assert text is not None
    assert unpack_values(text) == files
    assert list(unpack_values(text)) == list(files)


def test_equal_candidates_of_a_source_stand_once():
    twice = lines(row_of("test-1", [0.125, 0.125]), row_of("test-2", [0.125]))
    text = pack_values({"values/a.jsonl": twice, "values/b.jsonl": twice})
    assert text is not None
    assert text.count("0.125") == 2


@pytest.mark.parametrize(
    "text",
    ['{"id":"test-1","metrics":{}}\n', "no JSON\n", "[1]\n", '{"id": "test-1"}\n', '{"id": 1'],
    ids=["without spaces", "no JSON", "a list", "without metrics", "cut"],
)
def test_what_would_not_come_back_is_left_as_it_is(text):
    assert pack_values({"values/a.jsonl": text}) is None


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n[]\n", '{"names": [1]}\n{"rows": 1}\n', "{"])
def test_what_is_no_table_is_said_to_be_none(text):
    with pytest.raises(ValueError):
        unpack_values(text)
