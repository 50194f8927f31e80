"""Files of others become the folder of a task; what is read is what was written."""

from __future__ import annotations

import csv
import gzip
import json
import sys

import pytest

from benchmark.api import UserError
from benchmark.tasks import load_task
from benchmark.tasks.data_conversion import convert
from benchmark.tasks.pair_files import Columns

ROWS = [
    {"source": 'he said "no", twice', "target": "no\u2028twice"},
    {"source": "über ; alles", "target": "a\tb"},
]


def written(folder):
    task = load_task(folder.name, data_dir=folder.parent)
    return [(example.source, example.references) for example in task.test]


def as_text(kind: str) -> str:
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in ROWS)
    if kind == "json":
        return json.dumps(ROWS)
    if kind == "wrapped":
        return json.dumps({"version": 1, "data": ROWS})
    if kind == "columns":
        return json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]})
    lines: list[str] = []

    class Sink:
        write = staticmethod(lines.append)

    made = csv.DictWriter(
        Sink(), ["source", "target"], delimiter={"tsv": "\t", "semi": ";"}.get(kind, ",")
    )
    made.writeheader()
    made.writerows(ROWS)
    return "".join(lines)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("jsonl", "test.jsonl"),
        ("json", "test.json"),
        ("wrapped", "test.json"),
        ("columns", "test.json"),
        ("jsonl", "test.json"),
        ("csv", "test.csv"),
        ("semi", "test.csv"),
        ("tsv", "test.tsv"),
        ("csv", "Test.CSV"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_gives_the_same_texts(tmp_path, kind, name, packed):
    (tmp_path / "in").mkdir()
    path, data = tmp_path / "in" / name, as_text(kind).encode()
    if packed:
        path, data = path.with_name(f"{name}.gz"), gzip.compress(data)
    path.write_bytes(data)
    (done,) = convert(str(tmp_path / "in"), tmp_path / "out", Columns())
    assert (done.rows, done.left_out) == (2, 0)
    assert written(tmp_path / "out") == [(r["source"], (r["target"],)) for r in ROWS]


def test_two_files_of_lines(tmp_path):
    (tmp_path / "dev.en").write_text("one\ntwo\n")
    (tmp_path / "dev.de").write_text("eins\nzwei\n")
    (tmp_path / "test.en").write_text("a\u2028b\n\nc\n")
    (tmp_path / "test.de").write_text("A\nB\nC\n")
    done = convert(str(tmp_path), tmp_path / "out", Columns("en", "de"))
    assert [(of.split, of.rows, of.left_out) for of in done] == [("valid", 2, 0), ("test", 3, 1)]
    assert written(tmp_path / "out") == [("a\u2028b", ("A",)), ("c", ("C",))]
    (tmp_path / "test.de").write_text("A\nB\n")
    with pytest.raises(UserError, match=r"test\.en has 3 lines and test\.de 2"):
        convert(str(tmp_path), tmp_path / "again", Columns("en", "de"))


def test_references(tmp_path):
    rows = [
        {"src": "a", "trg": "b", "refs": ["c", "b", " "]},
        {"src": "a", "trg": "b", "refs": None},
        {"src": "a", "trg": "", "refs": ["d"]},
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (done,) = convert(str(tmp_path), tmp_path / "out", Columns())
    assert done.left_out == 1
    assert written(tmp_path / "out") == [("a", ("b", "c")), ("a", ("b",))]
    alone = Columns("src", references="refs")
    (tmp_path / "test.jsonl").write_text('{"src": "a", "refs": ["d", "e"]}\n')
    convert(str(tmp_path), tmp_path / "alone", alone)
    assert written(tmp_path / "alone") == [("a", ("d", "e"))]


@pytest.mark.parametrize(
    ("name", "text", "columns", "sentence"),
    [
        ("test.csv", "q,p\na,b\n", Columns(), "which column of q, p is the source"),
        ("test.csv", "input,question,trg\na,b,c\n", Columns(), "which of input, question is the"),
        ("test.csv", "q,p\na,b\n", Columns("qq", "p"), r"no column 'qq' \(--source-key\)"),
        ("test.csv", "src,trg\na,b,c\n", Columns(), "line 2 has another number of cells"),
        ("test.csv", "src,trg\n", Columns(), "has no examples"),
        ("test.csv", "src,trg\n,b\n", Columns(), "has no pair with a source and a target: fill"),
        ("test.json", '{"a": 3', Columns(), "not JSON"),
        ("test.json", "[1]", Columns(), "is no list of objects"),
        (
            "test.json",
            '[{"src": 3, "trg": "b"}]',
            Columns(),
            "entry 1: 'src' is a number and no text",
        ),
        ("test.json", '[{"src": "a", "refs": {"x": 1}}]', Columns(), "which is no text"),
        ("train.csv", "src,trg\na,b\n", Columns(), "has no test file: "),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, text, columns, sentence):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=sentence):
        convert(str(tmp_path), tmp_path / "out", columns)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_one_file_for_each_split(tmp_path):
    (tmp_path / "test.csv").write_text("src,trg\na,b\n")
    (tmp_path / "dev.csv").write_text("src,trg\na,b\n")
    (tmp_path / "valid.tsv").write_text("src\ttrg\na\tb\n")
    with pytest.raises(UserError, match=r"more than one file of valid \(dev.csv, valid.tsv\)"):
        convert(str(tmp_path), tmp_path / "out", Columns())
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="there exists"):
        convert(str(tmp_path), tmp_path / "there", Columns())


def test_parquet_says_what_it_needs(tmp_path, monkeypatch):
    (tmp_path / "test.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match="pip install pyarrow"):
        convert(str(tmp_path), tmp_path / "out", Columns())


def test_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(ROWS), tmp_path / "test.parquet")
    convert(str(tmp_path), tmp_path / "out", Columns())
    assert written(tmp_path / "out") == [(r["source"], (r["target"],)) for r in ROWS]
