"""Plain text: one output per line, in the order of the split; an empty line is an empty output."""

from __future__ import annotations

from pathlib import Path

from benchmark.outputs.output_row import OutputRow, candidate
from benchmark.outputs.text_lines import read_lines


def read_plain(path: Path) -> list[OutputRow]:
    """The rows of a file: one candidate per source.

    Raises:
        UserError: if the file cannot be read.
    """
    return [
        OutputRow(f"{path}, line {number}", (candidate(line),))
        for number, line in enumerate(read_lines(path), start=1)
    ]
