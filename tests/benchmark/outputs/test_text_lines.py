from __future__ import annotations

import gzip

import pytest

from benchmark.api import UserError
from benchmark.outputs.text_lines import json_lines, read_lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\nb", ["a", "b"]),
        ("a\r\n\r\nb\r\n", ["a", "", "b"]),
        ("\n\n", ["", ""]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        ("a\u2028b\x0cc\n", ["a\u2028b\x0cc"]),
        (gzip.compress(b"a\nb\n", mtime=0), ["a", "b"]),
    ],
)
def test_lines(write, data, lines):
    assert read_lines(write("outputs.txt", data)) == lines


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        ("déjà\n".encode("latin-1"), "line 1: byte 2 is not UTF-8"),
        ("a\nb\xe9\n".encode("latin-1"), "line 2: byte 2 is not UTF-8"),
        ("a\n".encode("utf-16"), "is UTF-16"),
        (gzip.compress(b"a\n" * 1000, mtime=0)[:-9], "not a complete gzip file"),
    ],
)
def test_bytes_that_are_no_text(write, data, sentence):
    with pytest.raises(UserError, match=sentence):
        read_lines(write("outputs.txt", data))


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_lines(tmp_path / "nowhere.txt")


def test_json_lines_name_their_place(write):
    path = write("outputs.jsonl", '{"a": 1}\n{"a": 2}\n\n')
    assert json_lines(path) == [
        (f"{path}, line 1", {"a": 1}),
        (f"{path}, line 2", {"a": 2}),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"a": ', "line 2 is not JSON .* at character 7"),
        ("[1]", "line 2 is not a JSON object"),
        ("", "line 2 is empty"),
        ('{"a": "\\ud800"}', "line 2 holds half a surrogate pair"),
        ("[" * 100_000, "line 2 is not readable JSON"),
    ],
)
def test_json_mistakes(write, line, sentence):
    with pytest.raises(UserError, match=sentence):
        json_lines(write("outputs.jsonl", f'{{"a": 1}}\n{line}\n{{"a": 1}}\n'))


def test_empty_lines_alone_are_no_outputs(write):
    with pytest.raises(UserError, match="only empty lines"):
        json_lines(write("outputs.jsonl", "\n \n"))
