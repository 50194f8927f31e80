"""A `Table` as Markdown and CSV; `latex_table` writes LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from benchmark.report.analysis.significance import ALPHABET
from benchmark.report.data.columns import Column
from benchmark.report.data.csv_cells import safe_cell
from benchmark.report.tables.table import DASH, Stage, Table, TableCell, TableRow, stage_of
from benchmark.runtime.shown_text import show_controls

ARROWS = {"higher": "↑", "lower": "↓", "none": ""}


SKEW = 1.5
"""How much further an interval reaches to one side where its ends are shown and not its half."""


def shown(column: Column, entry: TableCell) -> tuple[str, str]:
    """The value, and its interval as `±` half of it or as both ends; empty without interval."""
    found = entry.interval
    if entry.dash or not found.defined:
        return DASH, ""
    value = column.text(found.value)
    # No width means that the resamples could not differ: "±0" would claim certainty. How often
    # something may happen that never did is in the CSV, not beside every zero of the table.
    never = column.group == "form" and found.value == 0
    if never or not found.bounded or found.half_width < 1e-9:
        return value, ""
    below, above = found.value - found.low, found.high - found.value
    if max(below, above) > SKEW * min(below, above):
        return value, f"[{column.text(found.low)}, {column.text(found.high)}]"
    half = column.text(found.half_width)
    return value, f"±{half}" if half else ""


def head(column: Column) -> str:
    """The head of a column in one line."""
    detail = f", {column.detail}" if column.detail else ""
    arrow = ARROWS[column.direction]
    return f"{column.head}{detail}{' ' + arrow if arrow else ''}"


def named(row: TableRow) -> str:
    """The name of a row with its letter."""
    return f"{row.name} ({row.letter})" if row.letter else row.name


# --- Markdown ---

_RAISED = str.maketrans(ALPHABET, "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")


def to_markdown(table: Table) -> str:
    """A pipe table with its caption, footnotes and signatures."""
    notes = "".join(f"{_one_line(note.text)}\n\n" for note in table.footnotes)
    signed = "\n".join(f"- {_one_line(t)}: `{signature}`" for t, signature in table.signatures)
    title, caption = _one_line(table.title), _one_line(table.caption)
    return (
        f"# {title}\n\n{caption}\n\n{format_pipe_table(table)}\n\n{notes}{signed}".rstrip() + "\n"
    )


def format_pipe_table(table: Table) -> str:
    """The rows alone."""
    width = len(table.columns)
    lines = [
        format_pipe_row(["System", *(head(column) for column in table.columns)]),
        format_pipe_row([":---", *["---:"] * width]),
    ]
    for family, rows in table.families():
        lines.append(format_pipe_row([f"*{family}*", *[""] * width]))
        for row in rows:
            cells = [_write_markdown_cell(table, c, row.entries[c.id]) for c in table.columns]
            if row.status != "ok":
                cells = [row.status, *[""] * (width - 1)]
            lines.append(format_pipe_row([f"{named(row)}{row.marks}", *cells]))
    return "\n".join(lines)


def _write_markdown_cell(table: Table, column: Column, entry: TableCell) -> str:
    value, spread = shown(column, entry)
    value = f"**{value}**" if entry.bold else value
    parts = (value, spread, table.letters(entry.beats).translate(_RAISED))
    return " ".join(part for part in parts if part)


def _one_line(text: str) -> str:
    """One line of Markdown, in which `<` begins no HTML."""
    return show_controls(" ".join(text.split())).replace("<", "&lt;")


def format_pipe_row(cells: Sequence[str]) -> str:
    """A row of a pipe table."""
    return "| " + " | ".join(_one_line(c).replace("|", "\\|") for c in cells) + " |"


# --- CSV ---


def to_csv(table: Table) -> str:
    """Wide CSV in raw units: for each column value, low, high, and the keys of the row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    compared = {name for row in table.rows for name, e in row.entries.items() if e.beats}
    heads = ["task", "system", "family", "setting", "status", "kind", "error"]
    for column in table.columns:
        heads += [column.id, f"{column.id}.low", f"{column.id}.high", f"{column.id}.bold"]
        heads += [f"{column.id}.better_than"] if column.id in compared else []
    stages: tuple[Stage, ...] = ("score", "generate", "train")
    writer.writerow(map(safe_cell, [*heads, *(f"{stage}_keys" for stage in stages)]))
    for row in table.rows:
        texts = (table.task, row.system, row.family, row.setting, row.status, row.kind, row.error)
        fields = [safe_cell(text) for text in texts]
        for column in table.columns:
            entry = row.entries[column.id]
            ends = (entry.interval.value, entry.interval.low, entry.interval.high)
            fields += [repr(float(end)) if math.isfinite(end) else "" for end in ends]
            fields.append(str(int(entry.bold)))
            fields += [safe_cell(" ".join(entry.beats))] if column.id in compared else []
        writer.writerow([*fields, *(_join_keys(table, row, stage) for stage in stages)])
    return out.getvalue()


def _join_keys(table: Table, row: TableRow, stage: Stage) -> str:
    of_stage = (row.entries[c.id] for c in table.columns if stage_of(c) == stage)
    return " ".join(dict.fromkeys(key for entry in of_stage for key in entry.keys))
