from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.outputs.table_format import looks_like_table, read_table


def texts(rows):
    return [[c.text for c in row.candidates] for row in rows]


def test_quoted_cells_of_commas_semicolons_and_tabs(write):
    comma = 'id,Source,Prediction\ntest-2,"Who, then ?","He said ""no"",\nand went"\ntest-1,a,\n'
    first, second = read_table(write("a.csv", comma))
    assert (first.id, first.source) == ("test-2", "Who, then ?")
    assert texts([first, second]) == [['He said "no",\nand went'], [""]]
    assert [c.status for c in second.candidates] == ["empty"]
    assert (first.where[-6:], second.where[-6:]) == ("line 2", "line 4")
    other = "source;generated text\nWho, then ?;He, that is\n"
    (row,) = read_table(write("b.csv", other))
    assert (row.source, texts([row])) == ("Who, then ?", [["He, that is"]])
    tabbed = "src\ttrg\thyp\ta, b\nWho, then ?\tx\tHe\t3\n"
    (row,) = read_table(write("c.tsv.gz", tabbed))
    assert (row.source, row.references, texts([row])) == ("Who, then ?", ("x",), [["He"]])
    assert row.ignored == ("a, b",)


def test_candidates_in_columns(write):
    table = ",output_2,output_10,output_1\n0,b,c,a\n"
    (row,) = read_table(write("a.csv", table))
    assert texts([row]) == [["a", "b", "c"]] and row.ignored == ()


def test_a_column_by_its_name(write):
    path = write("a.csv", "question,answer\nWho?,He\n")
    assert texts(read_table(path, "answer")) == [["He"]]
    with pytest.raises(UserError, match=r"no column 'answers' \(--key\): its first line is"):
        read_table(path, "answers")


def test_one_column_without_a_name(write):
    assert texts(read_table(write("a.csv", '"He, then"\n"a ""b"""\n""\n'))) == [
        ["He, then"], ['a "b"'], [""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("How ?,Who ?\nWhy ?,What ?\n", r"names no column of outputs \('How \?', 'Who \?'\)"),
        ("a\nb,c\n", "names no column of outputs"),
        ("output,output\na,b\n", "the column 'output' stands twice"),
        ("output,prediction\na,b\n", "has both output and prediction"),
        ("source,output\na,b,c\n", "line 2 has 3 cells where the first line names 2 columns"),
        ("source,output\na\n", "line 2 has 1 cells"),
        ('source,output\na,"b" c\n', "line 2 is no line of a table"),
        ('source,output\na,"b\n', "is no line of a table"),
        ("source,output\n\na,b\n", "line 2 is empty"),
        ("source,output\n", "only a line of names"),
        ("\n\n", "only empty lines"),
        ("output,x\n\"['a', 'b']\",1\n", "line 2: the outputs are lists within cells"),
    ],
)
def test_mistakes(write, text, sentence):
    with pytest.raises(UserError, match=sentence):
        read_table(write("a.csv", text))


def test_what_looks_like_a_table():
    assert looks_like_table(["id,output", "1,a"])
    assert looks_like_table(["a\tb", "c\td"])
    assert not looks_like_table(["The output, as it is, is good", "b"])
    assert not looks_like_table(["a, b", "c, d"])


def test_a_column_without_a_name_is_among_those_that_are_not_read(write):
    rows = read_table(write("a.csv", ",output,\n7,a,\n3,b,\n"))
    assert [row.ignored for row in rows] == [("column 1",), ("column 1",)]


def test_lines_that_end_with_carriage_returns_alone(write):
    with pytest.raises(UserError, match="carriage returns alone: save it with line feeds"):
        read_table(write("a.csv", "id,output\rtest-1,a\r"))
