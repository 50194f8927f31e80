"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmark.runtime.shown_text import show_controls

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile("[\\s\x00-\x1f\x7f-\xa0\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""What begins a formula, also in the wide forms of Chinese and Japanese, and what hides that."""


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet computes: with `'` before what begins a formula."""
    return show_controls(f"'{text}" if _FORMULA.match(text) else text)


def safe_field(text: str) -> str:
    """A safe cell of what may be a number that was written out, which stays one."""
    try:
        float(text)
    except ValueError:
        return safe_cell(text)
    return text


def write_frame(frame: pd.DataFrame) -> str:
    """A data frame as CSV; its texts are safe cells, its numbers stay numbers."""
    safe = frame.copy()
    # Numbers are most of a frame, and need no look.
    texts = frame.select_dtypes(exclude="number").columns
    safe[texts] = frame[texts].map(lambda v: safe_cell(v) if isinstance(v, str) else v)
    return safe.to_csv(index=False, lineterminator="\n")
