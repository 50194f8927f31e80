"""JSON: one record per source, in our own form or in that of another tool.

    {"id": "test-1", "source": "...", "references": ["..."], "candidates": ["...", {"text": "..."}]}

`id`, `source` and `references` (or one `reference`) may be omitted; a single candidate may be given
as `candidate` or `output`. The candidates file of a store has this form. What `datasets`,
`pipeline`, `evaluate` and lm-evaluation-harness write is read by its known keys (`field_names`).
"""

from __future__ import annotations

from pathlib import Path

from benchmark.outputs.json_records import read_json_records
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.record_row import read_row


def read_json_lines(path: Path, key: str | None = None) -> list[OutputRow]:
    """The rows of a file.

    Args:
        path: of the file.
        key: the field that holds the outputs; None to find it by its name.

    Raises:
        UserError: for a record that does not have one of these forms.
    """
    return [read_row(fields, where, key) for where, fields in read_json_records(path)]
