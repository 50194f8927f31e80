from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from benchmark.report.data.csv_cells import safe_cell, write_frame


@pytest.mark.parametrize(
    ("text", "cell"), [("=1", "'=1"), ("\t@x", "'\t@x"), ("a=1", "a=1"), ("", ""), ("'=1", "'=1")]
)
def test_formulas(text, cell):
    assert safe_cell(text) == cell


def test_texts_of_a_frame_are_safe_and_numbers_stay_numbers():
    frame = pd.DataFrame({"system": ["=cmd|' /C calc'!A0", "mine"], "difference": [-0.25, 1.0]})
    rows = list(csv.reader(io.StringIO(write_frame(frame))))
    assert rows == [
        ["system", "difference"], ["'=cmd|' /C calc'!A0", "-0.25"], ["mine", "1.0"]
    ]  # fmt: skip
