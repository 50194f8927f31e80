from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.api import Example, UserError
from benchmark.tasks.json_lines import read_jsonl

Write = Callable[..., Path]

GOOD = {"src": "a b", "trg": "c"}


@pytest.mark.parametrize("name", ["test.jsonl", "test.jsonl.gz"])
def test_plain_and_gzip_read_alike(write: Write, name: str) -> None:
    path = write(name, [GOOD, {"src": "é ", "trg": "x\ny", "refs": ["x\ny", "z"]}])
    assert read_jsonl(path, "test").examples == [
        Example("test-1", "a b", "c", ("c",)),
        Example("test-2", "é ", "x\ny", ("x\ny", "z")),
    ]


def test_byte_order_mark_cr_lf_and_a_missing_last_line_end(write: Write) -> None:
    path = write("t.jsonl", b'\xef\xbb\xbf{"src": "a", "trg": "b"}\r\n{"src": "c", "trg": "d"}')
    assert [e.source for e in read_jsonl(path, "train").examples] == ["a", "c"]


def test_line_separators_of_unicode_do_not_end_a_line(write: Write) -> None:
    path = write("t.jsonl", '{"src": "a\u2028b\u0085c", "trg": "d"}\n'.encode())
    assert read_jsonl(path, "train").examples[0].source == "a\u2028b\u0085c"


def test_blank_lines_at_the_end_are_no_lines(write: Write) -> None:
    path = write("t.jsonl", b'{"src": "a", "trg": "b"}\n\n  \r\n')
    assert len(read_jsonl(path, "train").examples) == 1


def test_other_keys_and_empty_further_references_are_counted(write: Write) -> None:
    rows = [
        {**GOOD, "id": 7},
        {**GOOD, "id": 8, "context": ["x"]},
        {**GOOD, "refs": ["c", "", "d", " "]},
    ]
    lines = read_jsonl(write("t.jsonl", rows), "train")
    assert lines.ignored_keys == {"context": 1, "id": 2}
    assert lines.empty_references == 2
    assert lines.examples[2].references == ("c", "d")


BAD: list[tuple[Any, str]] = [
    ('{"src": "a", "trg": "b"', "not JSON"),
    ('{"src": "a" "trg": "b"}', "not JSON .* at character 13"),
    ("", "the line is empty"),
    ("[]", "not a JSON object but a list"),
    ("3", "not a JSON object but a number"),
    ("true", "not a JSON object but true or false"),
    ('"x"', "not a JSON object but a string"),
    ("null", "not a JSON object but null"),
    ({"trg": "b"}, 'the key "src" is missing: add it'),
    ({"src": "a"}, 'the key "trg" is missing: add it'),
    ({"src": "a", "Trg": "b"}, 'the key "trg" is missing: rename "Trg"'),
    ({"src": 3, "trg": "b"}, '"src" is not a string but a number'),
    ({"src": "a", "trg": None}, '"trg" is not a string but null'),
    ({"src": "a", "trg": ["b"]}, '"trg" is not a string but a list'),
    ({"src": "a", "trg": {}}, '"trg" is not a string but an object'),
    ({"src": "", "trg": "b"}, '"src" is empty'),
    ({"src": "a", "trg": " \t\u00a0"}, '"trg" is empty'),
    ({"src": "a", "trg": "b", "refs": "b"}, '"refs" is not a list but a string'),
    ({"src": "a", "trg": "b", "refs": []}, '"refs"\\[0\\] is not equal to "trg"'),
    ({"src": "a", "trg": "b", "refs": ["c", "b"]}, '"refs"\\[0\\] is not equal to "trg"'),
    ({"src": "a", "trg": "b", "refs": ["b", 1]}, '"refs"\\[1\\] is not a string but a number'),
    ('{"src": "a", "src": "b", "trg": "c"}', 'the key "src" occurs twice'),
    ('{"src": "\\ud800", "trg": "c"}', '"src" holds half a surrogate pair'),
    ('{"src": "a", "trg": "c", "refs": ["c", "\\udc00"]}', '"refs" holds half a surrogate'),
    ("[" * 100_000, "not JSON that can be read"),
    ('{"src": ' + "9" * 5_000 + "}", "not JSON that can be read"),
]


@pytest.mark.parametrize(("row", "reason"), BAD, ids=[reason for _, reason in BAD])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_bad_line_is_named_with_file_number_and_reason(
    write: Write, row: Any, reason: str, ending: str
) -> None:
    path = write(f"t.jsonl{ending}", [GOOD, row, GOOD])
    with pytest.raises(UserError, match=f"t.jsonl{ending}, line 2: {reason}") as caught:
        read_jsonl(path, "test")
    # One sentence of readable length, and how to mend it after the second colon.
    assert "\n" not in str(caught.value) and str(caught.value).count(": ") >= 2


def test_bytes_that_are_not_utf_8(write: Write) -> None:
    path = write("t.jsonl", b'{"src": "a", "trg": "b"}\n{"src": "\xe9", "trg": "b"}\n')
    with pytest.raises(UserError, match="line 2: byte 10 is not UTF-8"):
        read_jsonl(path, "test")


def test_utf_16_is_named_as_such_on_line_1(write: Write) -> None:
    path = write("t.jsonl", '{"src": "a", "trg": "b"}\n'.encode("utf-16"))
    with pytest.raises(UserError, match="line 1: byte 1 is not UTF-8"):
        read_jsonl(path, "test")


WHOLE = gzip.compress(b'{"src": "a", "trg": "b"}\n' * 5_000)


@pytest.mark.parametrize(
    "content",
    [
        WHOLE[:-30],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:12],
        WHOLE[:40] + bytes(40) + WHOLE[80:],
        WHOLE[:-8] + bytes(8),
        WHOLE + b"rest",
        b'{"src": "a", "trg": "b"}\n',
    ],
    ids=["cut", "half", "head", "flipped", "checksum", "tail", "plain"],
)
def test_a_gzip_file_that_is_not_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"t\.jsonl\.gz is not a complete gzip file .*: download it"
    ):
        read_jsonl(path, "test")


def test_gzip_data_under_a_plain_name(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(WHOLE)
    with pytest.raises(UserError, match=r"holds gzip data: name it t\.jsonl\.gz"):
        read_jsonl(path, "test")


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_a_file_without_lines(write: Write, content: bytes, name: str) -> None:
    with pytest.raises(UserError, match="has no examples: fill it"):
        read_jsonl(write(name, content), "test")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*t\.jsonl: No such file"):
        read_jsonl(tmp_path / "t.jsonl", "test")
    (tmp_path / "d.jsonl").mkdir()
    with pytest.raises(UserError, match=r"cannot read .*d\.jsonl: Is a directory"):
        read_jsonl(tmp_path / "d.jsonl", "test")
