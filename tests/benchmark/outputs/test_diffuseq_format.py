from __future__ import annotations

import json

import pytest

from benchmark.api import UserError
from benchmark.outputs.diffuseq_format import read_diffuseq, remove_marks

LINE = {
    "recover": "[CLS] how do i [SEP] then [SEP] [PAD] [PAD]",
    "reference": "[CLS] what is it ? [SEP]",
    "source": "[CLS] is it so ? [SEP] [SEP]",
}


def test_marks_are_removed_and_words_behind_the_end_stay(write):
    (row,) = read_diffuseq(write("seed1.json", json.dumps(LINE) + "\n"))
    assert [c.text for c in row.candidates] == ["how do i then"]
    assert (row.source, row.references) == ("is it so ?", ("what is it ?",))


def test_nothing_but_marks_is_an_empty_output(write):
    (row,) = read_diffuseq(write("seed1.json", json.dumps(LINE | {"recover": "[CLS] [SEP]"})))
    assert (row.candidates[0].text, row.candidates[0].status) == ("", "empty")


def test_marks_are_replaced_not_split_at():
    assert remove_marks("a[SEP]b [cls]") == "ab [cls]"


@pytest.mark.parametrize("key", ["recover", "reference", "source"])
def test_all_three_texts_are_needed(write, key):
    line = {name: text for name, text in LINE.items() if name != key}
    with pytest.raises(UserError, match=f'line 1: the key "{key}" is missing'):
        read_diffuseq(write("seed1.json", json.dumps(line) + "\n"))
