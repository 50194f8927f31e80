"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@")


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet computes: with `'` before what begins a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def write_frame(frame: pd.DataFrame) -> str:
    """A data frame as CSV; its texts are safe cells, its numbers stay numbers."""
    safe = frame.copy()
    # Numbers are most of a frame, and need no look.
    texts = frame.select_dtypes(exclude="number").columns
    safe[texts] = frame[texts].map(lambda v: safe_cell(v) if isinstance(v, str) else v)
    return safe.to_csv(index=False, lineterminator="\n")
