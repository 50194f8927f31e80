from __future__ import annotations

import pytest

from benchmark import score
from benchmark.api import UserError
from benchmark.outputs.format_detection import FORMATS, detect, read_outputs

DIFFUSEQ = '{"recover": "[CLS] a [SEP]", "reference": "b", "source": "c"}\n'


@pytest.mark.parametrize(
    ("name", "text", "format_name"),
    [
        ("a.jsonl", '{"output": "a"}\n', "jsonl"),
        ("a.txt", '{"output": "a"}\n', "jsonl"),
        ("a.jsonl", "a\n", "jsonl"),  # and then an error that names the line
        ("a.json", DIFFUSEQ, "diffuseq"),
        ("a.json.gz", DIFFUSEQ, "diffuseq"),
        ("a.txt", "loading\nS-0\ta\nH-0\t-0.1\tb\n", "fairseq"),
        ("a.txt", "H-0 is a name\n", "plain"),
        ("a.txt", "\nsecond\n", "plain"),
        ("a.txt", "3\n", "plain"),
        ("a.csv", "He, then\n", "csv"),
        ("a.TSV.gz", "a\n", "csv"),
        ("a.txt", "source,output\na,b\n", "csv"),
        ("a.txt", "a\tb\nc\td\n", "csv"),
        ("a.txt", '[\n {"output": "a"}\n]\n', "jsonl"),
        ("a.txt", "[1] a note\n", "plain"),
    ],
)
def test_formats_are_told_apart(write, name, text, format_name):
    assert detect(write(name, text)) == format_name


def test_the_command_offers_all_formats():
    assert tuple(FORMATS) == score.FORMATS


def test_several_files_are_several_candidates(write):
    paths = [write("1.txt", "a\nb\n"), write("2.txt.gz", "c\n\n"), write("3.txt", "e\nf\n")]
    name, rows = read_outputs(paths)
    assert name == "plain"
    assert [[c.text for c in row.candidates] for row in rows] == [["a", "c", "e"], ["b", "", "f"]]


def test_the_format_can_be_chosen(write):
    _, (row,) = read_outputs([write("a.txt", '{"output": "a"}\n')], "plain")
    assert row.candidates[0].text == '{"output": "a"}'


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("plain\n", "looks like plain and .* like diffuseq"),
        (DIFFUSEQ * 2, "has outputs for 2 sources and .* for 1"),
        (
            DIFFUSEQ.replace('"c"', '"d"'),
            "2.txt, line 1 has a different source from .*1.json, line 1",
        ),
    ],
)
def test_files_that_do_not_fit_together(write, other, sentence):
    with pytest.raises(UserError, match=sentence):
        read_outputs([write("1.json", DIFFUSEQ), write("2.txt", other)])
