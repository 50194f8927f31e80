"""From files to rows: formats and their detection; several files give several candidates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.api import UserError
from benchmark.outputs.diffuseq_format import read_diffuseq
from benchmark.outputs.fairseq_format import LINE, read_fairseq
from benchmark.outputs.json_lines_format import read_json_lines
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.plain_text_format import read_plain
from benchmark.outputs.text_lines import read_lines

FORMATS: Mapping[str, Callable[[Path], list[OutputRow]]] = {
    "jsonl": read_json_lines,
    "diffuseq": read_diffuseq,
    "fairseq": read_fairseq,
    "plain": read_plain,
}

_JSON = (".json", ".jsonl")


def read_outputs(
    paths: Sequence[Path], format_name: str | None = None
) -> tuple[str, list[OutputRow]]:
    """The name of the format, and the combined rows of all files.

    The candidates of the second file follow those of the first, source by source.

    Args:
        format_name: a key of `FORMATS`; None to detect it from the files.

    Raises:
        UserError: if a file cannot be read, or the files are inconsistent.
    """
    names = [format_name or detect(path) for path in paths]
    for path, name in zip(paths, names, strict=True):
        if name != names[0]:
            raise UserError(
                f"{path} looks like {name} and {paths[0]} like {names[0]}: name files of one"
                " format, or choose it with --format."
            )
    rows, *others = [FORMATS[names[0]](path) for path in paths]
    for path, more in zip(paths[1:], others, strict=True):
        if len(more) != len(rows):
            raise UserError(
                f"{path} has outputs for {len(more)} sources and {paths[0]} for {len(rows)}:"
                " each file holds one or more candidates for every source."
            )
        rows = [_together(row, further) for row, further in zip(rows, more, strict=True)]
    return names[0], rows


def detect(path: Path) -> str:
    """Detect the format of a file.

    Raises:
        UserError: if the file cannot be read.
    """
    lines = read_lines(path)
    if any(LINE.fullmatch(line) and line[0] in "HD" for line in lines):
        return "fairseq"
    named_so = path.name.removesuffix(".gz").endswith(_JSON)
    try:
        first = json.loads(next((line for line in lines if line.strip()), ""))
    except (ValueError, RecursionError):
        return "jsonl" if named_so else "plain"
    if not isinstance(first, dict):
        return "jsonl" if named_so else "plain"
    return "diffuseq" if "recover" in first else "jsonl"


def _together(row: OutputRow, further: OutputRow) -> OutputRow:
    for name in ("id", "number", "source", "references"):
        if getattr(row, name) != getattr(further, name):
            raise UserError(
                f"{further.where} has a different {name} from {row.where}: put the sources of all"
                " files in the same order."
            )
    return replace(row, candidates=(*row.candidates, *further.candidates))
