from __future__ import annotations

import pytest
from rated import ratings_key

from benchmark.api import UserError
from benchmark.human_evaluation.answers import read_answers

KEY = ratings_key({"a": "x", "b": "y"}, sources=2, questions=("clear", "kind"))
HEAD = "sheet,rater,item,clear,kind\n"
PAIRS = KEY.model_copy(update={"design": "pairs"})


@pytest.fixture
def read(tmp_path):
    def call(*texts, key=KEY):
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"file{number}.csv")
            data = text if isinstance(text, bytes) else text.encode()
            paths[-1].write_bytes(data)
        return read_answers(paths, key)

    return call


def values(answers):
    return [(a.rater, a.item.id, a.question, a.value) for a in answers.given]


def test_answers_of_the_page(read):
    found = read(HEAD + "sheet,ann,s1.a,4,5\nsheet,ann,s0.b,1,\n")
    assert values(found) == [
        ("ann", "s0.b", "clear", 1), ("ann", "s1.a", "clear", 4), ("ann", "s1.a", "kind", 5),
    ]  # fmt: skip
    assert found.raters == ("ann",) and found.left_open == {"ann": 5}


def test_a_table_filled_by_hand(read):
    text = "\ufeffsheet;item;source;text;clear: Is it? (1, 5);kind: Is it?\r\n"
    rows = 'sheet;s0.a;"x; y";z;4.0;5,0\r\nsheet;s0.b;x;z;;\r\n;;;;;\r\n'
    found = read(text + rows, HEAD + "sheet,bob,s0.a,1,1\n")
    assert values(found)[:1] == [("bob", "s0.a", "clear", 1)]
    assert values(found)[2:] == [("file0", "s0.a", "clear", 4), ("file0", "s0.a", "kind", 5)]


def test_answers_on_pairs(read):
    found = read(HEAD + "sheet,ann,s0.a,a,TIE\nsheet,ann,s1.a,b,tie\n", key=PAIRS)
    assert [answer.value for answer in found.given] == [1, 0.5, 0, 0.5]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["sheet,ann,s9.a,4,5\n"], r"file0.csv, line 2: the sheet has no item 's9.a'"),
        (["sheet,ann,s0.a,6,5\n"], r"file0.csv, line 2: clear is '6': write one of 1, 2, 3, 4, 5"),
        (["sheet,ann,s0.a,4,4.5\n"], r"kind is '4.5'"),
        (["sheet,ann,s0.a,a,5\n"], r"clear is 'a'"),
        (
            ["other,ann,s0.a,4,5\n"],
            r"line 2: .* to another sheet \(other, not sheet\)",
        ),
        (["sheet,ann,s0.a,4,5\nsheet,ann,s0.a,4,5\n"], r"line 3: rater 'ann' .* a second time"),
        (["sheet,ann,s0.a,4,5\n", "sheet,ann,s0.a,4,5\n"], r"file1.csv, line 2: .* after .*file0"),
        (["sheet,ann,s0.a,,\n"], r"no item is answered"),
        ([""], r"no item is answered"),
    ],
)
def test_what_is_refused(read, texts, message):
    with pytest.raises(UserError, match=message):
        read(*(HEAD + text for text in texts))


def test_files_that_are_no_answers(read, tmp_path):
    with pytest.raises(UserError, match="no column 'clear' in its first line"):
        read("sheet,item\nsheet,s0.a\n")
    with pytest.raises(UserError, match="no column 'sheet'"):
        read("")
    with pytest.raises(UserError, match="is not UTF-8"):
        read(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"nowhere\.csv cannot be read"):
        read_answers([tmp_path / "nowhere.csv"], KEY)
