"""Files of any form become the examples of a task as they are."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.api import Example, UserError
from benchmark.tasks import Columns, Task, load_task

Write = Callable[..., Path]

ROWS = [
    {"source": 'he said "no", twice', "target": "no\u2028twice"},
    {"source": "über ; alles", "target": "a\tb"},
]
EXPECTED = (
    Example("test-1", 'he said "no", twice', "no\u2028twice", ("no\u2028twice",)),
    Example("test-2", "über ; alles", "a\tb", ("a\tb",)),
)


def load(data_dir: Path, *names: str | None) -> Task:
    return load_task("a", data_dir=data_dir, columns=Columns(*names))


def table(delimiter: str, rows: list[dict[str, str]] = ROWS, end: str = "\r\n") -> str:
    sink = io.StringIO(newline="")
    made = csv.DictWriter(sink, [*rows[0]], delimiter=delimiter, lineterminator=end)
    made.writeheader()
    made.writerows(rows)
    return sink.getvalue()


FORMS = {
    "test.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "test.json": json.dumps(ROWS),
    "wrapped/test.json": json.dumps({"version": 1, "data": ROWS}),
    "columns/test.json": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}),
    "lines/test.json": "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in ROWS),
    "test.csv": table(","),
    "lf/test.csv": table(",", end="\n"),
    "semicolon/test.csv": table(";"),
    "Test.TSV": table("\t"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_gives_the_same_examples(
    write: Write, tmp_path: Path, form: str, mark: str, packed: bool
) -> None:
    name = Path(form).name + (".gz" if packed else "")
    write(f"a/{name}", (mark + FORMS[form]).encode())
    task = load(tmp_path)
    assert task.test == EXPECTED
    assert task.notes.columns == {"test": ("source", "target", "")}


def test_the_form_decides_no_digest(write: Write, tmp_path: Path) -> None:
    for folder, name in (("a", "test.jsonl"), ("b", "test.csv")):
        write(f"{folder}/{name}", FORMS[name].encode())
    one, other = (load_task(name, data_dir=tmp_path) for name in ("a", "b"))
    assert one.digest == other.digest


def test_text_that_is_not_quoted_may_begin_with_a_quote(write: Write, tmp_path: Path) -> None:
    write("a/test.tsv", b'src\ttrg\n"Hm" he said\tb "c"\n')
    assert load(tmp_path).test[0].source == '"Hm" he said'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_joins_no_lines_that_are_whole(write: Write, tmp_path: Path, end: str) -> None:
    lines = ["src\ttrg", '"yes, she said\tone', "", 'he said go away"\ttwo', "a\tb", ""]
    write("a/test.tsv", end.join(lines).encode())
    assert [(of.source, of.target) for of in load(tmp_path).test] == [
        ('"yes, she said', "one"), ('he said go away"', "two"), ("a", "b"),
    ]  # fmt: skip
    # A line that is not whole is a part of a cell that is quoted.
    write("a/test.tsv", end.join(["src\ttrg", f'"a{end}""b"""\tone', '"c"\ttwo']).encode())
    assert [of.source for of in load(tmp_path).test] == [f'a{end}"b"', "c"]


@pytest.mark.parametrize("references", [["b", "c"], []])
def test_one_object_with_a_list_is_one_pair(
    write: Write, tmp_path: Path, references: list[str]
) -> None:
    row = {"src": "a", "trg": "b", "refs": references}
    for text in (json.dumps(row), f"{json.dumps(row)}\n", json.dumps([row])):
        write("a/test.json", text.encode())
        (example,) = load(tmp_path).test
        assert (example.source, example.references) == ("a", tuple(references or ["b"]))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_two_files_of_lines(write: Write, tmp_path: Path, end: bytes) -> None:
    write("a/test.en", end.join([b"\xef\xbb\xbfone", "a\u2028b".encode(), b"", b"c"]) + end)
    write("a/test.de.gz", end.join([b"eins", b"A", b"B", b"C"]))
    task = load(tmp_path, "en", "de")
    assert [(of.id, of.source, of.target) for of in task.test] == [
        ("test-1", "one", "eins"), ("test-2", "a\u2028b", "A"), ("test-4", "c", "C"),
    ]  # fmt: skip
    assert task.notes.left_out == {"test": 1}


def test_what_is_left_out_and_not_read_is_counted(write: Write, tmp_path: Path) -> None:
    rows = 'id,source,target,refs\n1,a,b,\n2,,b,\n3,c,d,"[""d"", ""e""]"\n'
    write("a/test.csv", rows.encode())
    task = load(tmp_path)
    assert [of.references for of in task.test] == [("b",), ("d", "e")]
    assert task.notes.left_out == {"test": 1} and task.notes.ignored_keys == {"test": {"id": 3}}
    assert task.notes.empty_references == {"test": 1}
    said = " ".join(task.notes.sentences())
    assert "Rows without a source or a target left out of test: 1." in said
    assert "Columns of test: sources from `source`, targets from `target`" in said


def test_named_columns_of_json_lines(write: Write, tmp_path: Path) -> None:
    rows = [{"src": "a", "trg": "b", "text": "c", "headline": "d", "others": ["e"]}]
    write("a/test.jsonl", rows)
    assert load(tmp_path).test[0] == Example("test-1", "a", "b", ("b",))
    named = load(tmp_path, "text", "headline", "others")
    assert named.test[0] == Example("test-1", "c", "d", ("d", "e"))
    write("a/task.yaml", b"source_key: text\n")
    assert load(tmp_path).test[0].source == "c"
    assert load(tmp_path, "headline").test[0].source == "d"


def test_references_may_be_in_test_alone(write: Write, tmp_path: Path) -> None:
    write("a/train.jsonl", [{"source": "a", "target": "b"}])
    write("a/test.jsonl", [{"source": "a", "target": "b", "others": ["c"]}])
    task = load(tmp_path, None, None, "others")
    assert (task.train[0].references, task.test[0].references) == (("b",), ("b", "c"))
    with pytest.raises(UserError, match=r"no column 'other' \(--refs-key\): did you mean 'others'"):
        load(tmp_path, None, None, "other")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("test.csv", b"", "has no examples"),
        ("test.csv", b"src,trg\n", "has no examples"),
        ("test.json", b"", "has no examples"),
        ("test.json", b"[]", "has no examples"),
        ("test.csv", b"src,trg\n,b\n", "has no pair with a source and a target: fill"),
        ("test.csv", b"src,trg\na,b,c\n", "line 2 has another number of cells"),
        ("test.csv", b"src,src\na,b\n", "two columns have the same name"),
        ("test.csv", b'src,trg\n"a"b,c\n', "line 2: .*quote cells"),
        ("test.tsv", b"a b\tc\nd\te\n", "first line: which column of a b, c is the source"),
        ("test.tsv", b"src\ttrg\na\n", "line 2 has another number of cells"),
        ("test.csv", b"src,trg\na,b\nc,\xe9\n", "line 3: byte 3 is not UTF-8"),
        ("test.json", '[{"src": "a"}]'.encode("utf-16"), "line 1: byte 1 is not UTF-8"),
        ("test.csv", gzip.compress(b"src,trg"), r"holds gzip data: name it test\.csv\.gz"),
        ("test.json", b'{"a": 3', "not JSON"),
        ("test.json", b"[1]", "is no list of objects"),
        ("test.json", b'{"data": []}', "has no examples"),
        ("test.json", b"[" * 100_000, r"is not JSON that can be read \(.*\): write one object"),
        ("test.json", b'[{"src": "a", "src": "b"}]', "occurs twice"),
        ("test.json", b'[{"src": 3, "trg": "b"}]', "entry 1: 'src' is a number and no text"),
        ("test.jsonl", b'{"q": "a", "p": "b"}\n', "which column of q, p is the source"),
        ("test.jsonl", b'{"q": "a"}\n{"p": ', "which column of q"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    write: Write, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    write(f"a/{name}", content)
    with pytest.raises(UserError, match=sentence) as caught:
        load(tmp_path)
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    form=st.sampled_from(["test.json", "test.jsonl", "test.csv", "Test.TSV"]),
    # A run in this process may have the processor flush subnormal numbers.
    at=st.floats(0, 1, allow_subnormal=False),
    length=st.sampled_from([0, 1, 20]),
    put=st.sampled_from(
        [b"\0", b"\xff", b'"', b"\n", b"\r", b"\t", b"[", b"}", b"null", b"\\ud800"]
    ),
)
def test_a_damaged_file_is_read_or_refused(form: str, at: float, length: int, put: bytes) -> None:
    data = bytearray(FORMS[form].encode())
    start = round(at * len(data))
    data[start : start + length] = put
    with TemporaryDirectory() as folder:
        (Path(folder) / "a").mkdir()
        (Path(folder) / "a" / form).write_bytes(data)
        try:
            assert load(Path(folder)).test
        except UserError as error:
            assert "\n" not in str(error)


def test_two_files_of_lines_have_equally_many(write: Write, tmp_path: Path) -> None:
    write("a/test.src", b"a\nb\nc\n")
    write("a/test.trg", b"a\nb\n")
    with pytest.raises(UserError, match=r"test\.src has 3 lines and test\.trg 2"):
        load(tmp_path)
    with pytest.raises(UserError, match="two files of lines have no references"):
        load(tmp_path, "src", "trg", "refs")
    for name in ("test.src", "test.trg"):
        write(f"a/{name}", b"")
    with pytest.raises(UserError, match="has no examples"):
        load(tmp_path)


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    arrow = pytest.importorskip("pyarrow", reason="needs the extra datasets")
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(rows), path)


def test_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a" / "test.parquet", ROWS)
    assert load(tmp_path).test == EXPECTED


def test_parquet_in_parts_with_columns_inside_others(tmp_path: Path) -> None:
    for number, text in enumerate(("a", "c")):
        row = {"translation": {"en": text, "de": text.upper()}, "refs": [text.upper(), "x"]}
        write_parquet(tmp_path / "a" / f"test-0000{number}-of-00002.parquet", [row])
    task = load(tmp_path, "translation.en", "translation.de")
    assert [(of.id, of.source, of.references) for of in task.test] == [
        ("test-1", "a", ("A", "x")), ("test-2", "c", ("C", "x")),
    ]  # fmt: skip


def test_parquet_that_is_damaged(write: Write, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra datasets")
    write("a/test.parquet", b"PAR1 and no more")
    with pytest.raises(
        UserError, match=r"test\.parquet cannot be read as parquet .*: write it"
    ) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def save_dataset(path: Path, rows: list[dict[str, Any]]) -> None:
    datasets = pytest.importorskip("datasets", reason="needs the extra datasets")
    made = datasets.DatasetDict({"validation": datasets.Dataset.from_list(rows[:1])})
    made["test"] = datasets.Dataset.from_list(rows).select(range(len(rows)))
    made.save_to_disk(str(path))


@pytest.mark.slow
def test_a_saved_dataset(write: Write, tmp_path: Path) -> None:
    save_dataset(tmp_path / "a", ROWS)
    task = load(tmp_path)
    assert task.test == EXPECTED and [of.id for of in task.valid] == ["valid-1"]
    write("a/test/state.json", b"{")
    with pytest.raises(UserError, match=r"cannot be read as a saved dataset .*\): save"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "module"), [("test.parquet", "pyarrow"), ("test/state.json", "datasets")]
)
def test_what_is_not_installed_is_said(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str
) -> None:
    write(f"a/{name}", b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=r"pip install .*diffuseq-bench\[datasets\]"):
        load(tmp_path)
