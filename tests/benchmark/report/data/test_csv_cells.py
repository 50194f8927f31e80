from __future__ import annotations

import pandas as pd
import pytest

from benchmark.report.data.csv_cells import safe_cell, safe_field, write_frame


@pytest.mark.parametrize(
    ("text", "cell"), [("=1", "'=1"), ("\t@x", "'\t@x"), ("a=1", "a=1"), ("", ""), ("'=1", "'=1"),
     ("\uff1d1", "'\uff1d1"), ("\x07=1", "'\u2407=1"), ("\tx", "'\tx"), ("a\x1b", "a\u241b")]
)  # fmt: skip
def test_formulas(text, cell):
    assert safe_cell(text) == cell


def test_numbers_that_were_written_out_stay_numbers():
    assert [safe_field(text) for text in ("-0.5", "1e-3", "-x", "=1")] == [
        "-0.5", "1e-3", "'-x", "'=1",
    ]  # fmt: skip


def test_texts_of_a_frame_are_safe_and_numbers_stay_numbers():
    frame = pd.DataFrame(
        {"system": ["=1+1", "plain"], "value": [-0.5, float("nan")], "seeds": [-1, 2]}
    )
    frame["knob"] = [None, "-x"]
    assert write_frame(frame) == ("system,value,seeds,knob\n'=1+1,-0.5,-1,\nplain,,2,'-x\n")
