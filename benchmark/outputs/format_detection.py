"""From files to rows: formats and their detection; several files give several candidates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.api import UserError
from benchmark.outputs.diffuseq_format import read_diffuseq
from benchmark.outputs.fairseq_format import LINE, read_fairseq
from benchmark.outputs.json_lines_format import read_json_lines
from benchmark.outputs.json_records import looks_like_json
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.plain_text_format import read_plain
from benchmark.outputs.table_format import ENDINGS, looks_like_table, read_table
from benchmark.outputs.text_lines import read_lines

KEYED = {"jsonl": read_json_lines, "csv": read_table}
"""Readers of formats whose fields have names."""
UNKEYED = {"diffuseq": read_diffuseq, "fairseq": read_fairseq, "plain": read_plain}
"""Readers of all others."""

FORMATS: Mapping[str, str] = {
    "jsonl": "objects of JSON, one a line or in a list",
    "csv": "a table with commas, semicolons or tabs",
    "diffuseq": "what the official DiffuSeq writes",
    "fairseq": "what fairseq-generate prints",
    "plain": "one output a line",
}
"""What a file of each format holds."""

_JSON = (".json", ".jsonl")


def read_outputs(
    paths: Sequence[Path], format_name: str | None = None, key: str | None = None
) -> tuple[str, list[OutputRow]]:
    """The name of the format, and the combined rows of all files.

    The candidates of the second file follow those of the first, source by source.

    Args:
        format_name: a key of `FORMATS`; None to detect it from the files.
        key: the field that holds the outputs, in a format whose fields have names; None to find it.

    Raises:
        UserError: if a file cannot be read, or the files are inconsistent.
    """
    names = [format_name or detect(path, key) for path in paths]
    for path, name in zip(paths, names, strict=True):
        if name != names[0]:
            raise UserError(
                f"{path} looks like {name} and {paths[0]} like {names[0]}: name files of one"
                " format, or choose it with --format."
            )
    rows, *others = [_read(path, names[0], key) for path in paths]
    for path, more in zip(paths[1:], others, strict=True):
        if len(more) != len(rows):
            raise UserError(
                f"{path} has outputs for {len(more)} sources and {paths[0]} for {len(rows)}: each"
                " file holds one or more candidates for every source."
            )
        rows = [_together(row, further) for row, further in zip(rows, more, strict=True)]
    return names[0], rows


def detect(path: Path, key: str | None = None) -> str:
    """Detect the format of a file; with a `key`, it is one whose fields have names.

    Raises:
        UserError: if the file cannot be read.
    """
    lines = read_lines(path)
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(ENDINGS):
        return "csv"
    if any(LINE.fullmatch(line) and line[0] in "HD" for line in lines):
        return "fairseq"
    if name.endswith(_JSON) or looks_like_json(lines):
        return "diffuseq" if key is None and _is_of_diffuseq(lines) else "jsonl"
    return "csv" if key is not None or looks_like_table(lines) else "plain"


def _is_of_diffuseq(lines: Sequence[str]) -> bool:
    try:
        first = json.loads(next((line for line in lines if line.strip()), ""))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "recover" in first


def _read(path: Path, name: str, key: str | None) -> list[OutputRow]:
    if name in KEYED:
        return KEYED[name](path, key)
    if key is not None:
        raise UserError(
            f"--key {key}: the format {name} has no named fields: omit it, or choose"
            f" {' or '.join(KEYED)} with --format."
        )
    return UNKEYED[name](path)


def _together(row: OutputRow, further: OutputRow) -> OutputRow:
    for name in ("id", "number", "source", "references"):
        if getattr(row, name) != getattr(further, name):
            raise UserError(
                f"{further.where} has a different {name} from {row.where}: put the sources of all"
                " files in the same order."
            )
    return replace(row, candidates=(*row.candidates, *further.candidates))
