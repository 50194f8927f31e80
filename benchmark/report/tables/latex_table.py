r"""A `Table` as LaTeX that fits a text of 455 pt, in one float or in several.

A table keeps the columns of `choose_columns`. Where they are too wide, intervals move below their
figures; where that is not enough, columns (and rows, where a page is too short) go into further
floats. The table of all pairs shrinks to signs. Floats that fit a column of a two-column class are
`table`, others `table*`. Captions have two sentences; all else that is said stands below the table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

from benchmark.report.data.columns import MINUS, Column
from benchmark.report.data.points import YARDSTICK
from benchmark.report.tables.latex_columns import choose_columns, write_columns
from benchmark.report.tables.latex_escape import DEFINE_CJK, latex_escape, latex_paragraph
from benchmark.report.tables.latex_width import measure, wrap
from benchmark.report.tables.renderers import ARROWS, named, shown
from benchmark.report.tables.table import DASH, Table, TableCell, TableRow

PAGE, COLUMN = 450.0, 215.0
"""Widths in points that a float may have, in a text of 455 pt and in one of its two columns."""

TALLEST = 640.0
"""The height that a float may have, in points: nine inches are 650."""

_NAME, _HEAD = 150.0, 56.0
"""Widths in points beyond which names of rows and heads of columns are broken."""

_GAP, _THIN = 8.0, 1.4
_LINE, _SECOND_LINE, _BETWEEN, _RULES = 9.5, 7.5, 4.0, 30.0
_CAPTION_LINE, _NOTE_LINE = 12.0, 8.5
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_IN_CAPTION = 2
_NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")
_INTEGER = re.compile(r"-?\d+(?=\.|$)")


def to_latex(table: Table, columns: Collection[str] = ()) -> str:
    """The table as floats, with a comment that says what a document needs for them.

    Args:
        table: any table of a report.
        columns: ids of columns, in place of the preset where the table has one of them.
    """
    chosen = choose_columns(table, columns)
    floats = tuple(_lay_out(table, chosen))
    body = "\n".join(_write_float(floats, number) for number in range(len(floats)))
    return _write_preamble(table, chosen, body) + body


def _write_preamble(table: Table, columns: Sequence[Column], body: str) -> str:
    lines = [
        f"% {' '.join(table.title.split())}. Needs \\usepackage{{booktabs}}.",
        "% Fits a text of 455 pt in Computer Modern at 10 pt. Written by benchmark.report;",
        "% every row ends with the keys of its records.",
        write_columns(columns),
    ]
    if omitted := [column for column in table.columns if column not in columns]:
        lines.append(
            f"% {len(omitted)} further columns are in the .md and .csv files:"
            " python -m benchmark.report REPORT --columns ID ... puts them here."
        )
    lines += [f"% Signature of {' '.join(name.split())}: {s}" for name, s in table.signatures]
    if r"\cjk{" in body:
        lines += [
            "% Chinese, Japanese and Korean: pdfLaTeX needs \\usepackage{CJKutf8} too; in XeLaTeX"
            " and LuaLaTeX say",
            "% \\newcommand{\\cjk}[2]{#2} and choose a font that has the characters.",
            DEFINE_CJK,
        ]
    return "\n".join([*lines, ""])


# --- Layout ---


@dataclass(frozen=True)
class _Cell:
    """What stands in one cell, line by line, and the width of it in points."""

    lines: tuple[str, ...]
    width: float


@dataclass(frozen=True)
class _Float:
    """Some rows and columns of a table, laid out in one way.

    `below` puts intervals below their figures, `signs` shows who is better and no figure.
    """

    table: Table
    rows: tuple[TableRow, ...]
    columns: tuple[Column, ...]
    below: bool = False
    signs: bool = False

    @cached_property
    def cells(self) -> dict[str, list[_Cell]]:
        """The cells of each column by its id, row by row."""
        write = self._write_signs if self.signs else self._write_figures
        return {column.id: write(column) for column in self.columns}

    @cached_property
    def names(self) -> list[list[str]]:
        """The name of each row, line by line."""
        return [wrap(named(row) + row.marks, _NAME) for row in self.rows]

    @cached_property
    def heads(self) -> dict[str, list[str]]:
        """The head of each column, line by line."""
        return {column.id: list(self._write_head(column)) for column in self.columns}

    @cached_property
    def widths(self) -> dict[str, float]:
        """The width of each column in points."""
        heads = {name: max(map(measure, lines)) for name, lines in self.heads.items()}
        return {name: max(heads[name], self._body_width(name)) for name in heads}

    @property
    def name_width(self) -> float:
        """The width of the column of names."""
        return max((measure(line) for lines in self.names for line in lines), default=0)

    @property
    def gap(self) -> float:
        """Points between two columns."""
        return _GAP / 2 if self.signs else _GAP

    @property
    def width(self) -> float:
        """In points."""
        return self.name_width + sum(self.widths.values()) + self.gap * len(self.columns)

    @cached_property
    def caption(self) -> str:
        """The first sentences of what the table says of itself."""
        return " ".join(self._sentences[:_IN_CAPTION])

    @cached_property
    def notes(self) -> list[str]:
        """The other sentences, and the footnotes of its columns."""
        told = [note.text for note in self.table.footnotes if note.belongs_to(self.columns)]
        return [text for text in (" ".join(self._sentences[_IN_CAPTION:]), *told) if text]

    @property
    def _sentences(self) -> list[str]:
        return _SENTENCE.split(self.table.sign_caption if self.signs else self.table.caption)

    @property
    def height(self) -> float:
        """Of the whole float, in points."""
        families = len({row.family for row in self.rows})
        rows = sum(map(self.height_of, range(len(self.rows))))
        return self.room_around + families * (_LINE + _BETWEEN) + rows

    @cached_property
    def room_around(self) -> float:
        """Points that caption, heads, rules and notes take."""
        width = COLUMN if self.width <= COLUMN else PAGE
        caption = len(wrap(f"Table 10: {self.caption}", width, "normalsize"))
        notes = sum(len(wrap(note, width, "scriptsize")) for note in self.notes)
        heads = max(map(len, self.heads.values()), default=1)
        return _RULES + heads * _LINE + caption * _CAPTION_LINE + notes * _NOTE_LINE

    def height_of(self, number: int) -> float:
        """Of one row, in points."""
        lines = max((len(self.cells[c.id][number].lines) for c in self.columns), default=1)
        names = len(self.names[number])
        return max(_LINE * names + (names > 1), _LINE + _SECOND_LINE * (lines - 1))

    @property
    def fits(self) -> bool:
        """Whether it fits the page."""
        return self.width <= PAGE and self.height <= TALLEST

    def _body_width(self, name: str) -> float:
        return max((cell.width for cell in self.cells[name]), default=0)

    def _write_head(self, column: Column) -> Iterator[str]:
        width = max(_HEAD, self._body_width(column.id))
        arrow = ARROWS[column.direction]
        *lines, last = wrap(column.head, width)
        yield from lines
        yield f"{last} {arrow}" if arrow else last
        # The columns of pairs are systems: letters name them, as they do the rows.
        if column.detail and column.group != "pairs":
            yield from wrap(column.detail, width)

    def align(self, column: Column) -> str:
        """`l` where intervals or letters follow the figures, which then stand below each other."""
        entries = [row.entries[column.id] for row in self.rows]
        if self.signs:
            return "c"
        return "l" if any(e.beats or shown(column, e)[1] for e in entries) else "r"

    def _write_figures(self, column: Column) -> list[_Cell]:
        entries = [row.entries[column.id] for row in self.rows]
        texts = [shown(column, entry) for entry in entries]
        starts = [whole[0] for value, _ in texts if (whole := _INTEGER.match(value))]
        longest = max(starts, key=len, default="") if self.align(column) == "l" else ""
        return [
            self._write_figure(entry, value, spread, longest)
            for (value, spread), entry in zip(texts, entries, strict=True)
        ]

    def _write_figure(self, entry: TableCell, value: str, spread: str, longest: str) -> _Cell:
        """A figure, set as far to the right as the longest integer part asks for."""
        own = _INTEGER.match(value)
        pad = longest[: len(longest) - len(own[0])].replace("-", MINUS) if own else ""
        value, spread = (_NEGATIVE.sub(MINUS, text) for text in (value, spread))
        above = self.table.letters(entry.beats)
        figure = latex_escape(value)
        figure = rf"\textbf{{{figure}}}" if entry.bold else figure
        figure = rf"\phantom{{{latex_escape(pad)}}}{figure}" if pad else figure
        raised = rf"\textsuperscript{{{above}}}" if above else ""
        small = rf"{{\tiny{latex_escape(spread)}}}" if spread else ""
        wide = measure(pad + value, bold=entry.bold)
        wide_raised, wide_small = measure(above, "raised"), measure(spread, "tiny")
        if self.below:
            lines = (figure + raised, small) if small else (figure + raised,)
            return _Cell(lines, max(wide + wide_raised, wide_small))
        text = figure + (rf"\,{small}" if small else "") + raised
        return _Cell((text,), wide + _THIN + wide_small + wide_raised)

    def _write_signs(self, column: Column) -> list[_Cell]:
        signs = [self._find_sign(row, column) for row in self.rows]
        return [_Cell((latex_escape(sign),), measure(sign)) for sign in signs]

    def _find_sign(self, row: TableRow, column: Column) -> str:
        """`>` where the row is significantly better than the system of the column, `<` if worse."""
        entry = row.entries[column.id]
        if entry.dash or not entry.bold:
            return DASH if entry.dash else "·"
        order = [c.id for c in self.table.columns]
        # Differences stand above the diagonal, row minus column; below it are p values.
        if order.index(column.id) > order.index(row.system):
            return ">" if entry.interval.value > 0 else "<"
        of_family = (r for r in self.table.rows if r.family == row.family)
        mirrored = next(r.entries[row.system] for r in of_family if r.system == column.id)
        return "<" if mirrored.interval.value > 0 else ">"


def _lay_out(table: Table, columns: tuple[Column, ...]) -> Iterator[_Float]:
    """One float where that fits in some layout, else several."""
    whole = _Float(table, table.rows, columns)
    pairs = bool(table.part("pairs"))
    below = _Float(table, table.rows, columns, below=True)
    signs = [_Float(table, table.rows, columns, signs=True)] if pairs else []
    fitting = (made for made in (whole, below, *signs) if made.fits)
    if found := next(fitting, None):
        yield found
        return
    # Rows of one line where rows of two would need a second page.
    way = signs[0] if pairs else below if below.height <= TALLEST else whole
    for rows in _split_rows(way):
        for some in _split_columns(way):
            yield _Float(table, rows, some, below=way.below, signs=way.signs)


def _split_columns(way: _Float) -> list[tuple[Column, ...]]:
    """As few runs of columns as fit the page, of about equal numbers where that fits too."""
    room = PAGE - way.name_width

    def fits(columns: Sequence[Column]) -> bool:
        return sum(way.widths[c.id] + way.gap for c in columns) <= room

    found: list[tuple[Column, ...]] = [()]
    for column in way.columns:
        if found[-1] and not fits((*found[-1], column)):
            found.append(())
        found[-1] = (*found[-1], column)
    size = -(-len(way.columns) // len(found))
    even = [way.columns[i : i + size] for i in range(0, len(way.columns), size)]
    return even if all(map(fits, even)) else found


def _split_rows(way: _Float) -> list[tuple[TableRow, ...]]:
    """Runs of rows that fit the page."""
    found: list[tuple[TableRow, ...]] = [()]
    height, room = 0.0, TALLEST - way.room_around
    for number, row in enumerate(way.rows):
        new = not found[-1] or found[-1][-1].family != row.family
        more = way.height_of(number) + (_LINE + _BETWEEN if new else 0)
        if found[-1] and height + more > room:
            found.append(())
            height, more = 0.0, way.height_of(number) + _LINE + _BETWEEN
        found[-1] = (*found[-1], row)
        height += more
    return found


# --- Text ---


def _write_float(floats: Sequence[_Float], number: int) -> str:
    made = floats[number]
    table, label = made.table, _make_label(made.table)
    columns = tuple(column for some in floats for column in some.columns)
    caption, notes = latex_paragraph(made.caption), replace(made, columns=columns).notes
    if number:
        caption = latex_paragraph(f"{table.title}, task {table.task}, continued: the notes below")
        caption, notes = rf"{caption} Table~\ref{{tab:{label}}} hold here too.", []
    kind = "table" if made.width <= COLUMN else "table*"
    lines = [
        rf"\begin{{{kind}}}[t]",
        rf"\centering\footnotesize\setlength{{\tabcolsep}}{{{made.gap / 2:g}pt}}",
        rf"\caption{{{caption}}}\vspace{{4pt}}",
        rf"\label{{tab:{label}{f'-{number + 1}' if number else ''}}}",
        rf"\begin{{tabular}}{{@{{}}l{''.join(map(made.align, made.columns))}@{{}}}}",
        r"\toprule",
        *_write_heads(made),
        *_write_body(made),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if told := [latex_paragraph(note) for note in notes]:
        below = r"\\ ".join(told)
        lines.append(rf"\par\smallskip\parbox{{\linewidth}}{{\scriptsize\raggedright {below}\par}}")
    return "\n".join([*lines, rf"\end{{{kind}}}", ""])


def _write_heads(made: _Float) -> Iterator[str]:
    """The heads, with their last lines side by side."""
    heads = [made.heads[column.id] for column in made.columns]
    deepest = max(map(len, heads), default=1)
    for line in range(deepest):
        places = [line - deepest + len(head) for head in heads]
        cells = [head[at] if at >= 0 else "" for head, at in zip(heads, places, strict=True)]
        first = "System" if line == deepest - 1 else ""
        yield " & ".join([first, *map(latex_escape, cells)]) + r" \\"


def _write_body(made: _Float) -> Iterator[str]:
    before = None
    for number, row in enumerate(made.rows):
        if row.family != before:
            apart = before is None or row.family == YARDSTICK
            yield r"\midrule" if apart else r"\addlinespace"
            across = rf"\multicolumn{{{len(made.columns) + 1}}}{{@{{}}l@{{}}}}"
            for line in wrap(row.family, made.width):
                yield rf"{across}{{\emph{{{latex_escape(line)}}}}} \\"
            before = row.family
        yield from _write_row(made, number)


def _write_row(made: _Float, number: int) -> Iterator[str]:
    row, names = made.rows[number], [latex_escape(line) for line in made.names[number]]
    if row.status != "ok":
        across = rf"\multicolumn{{{len(made.columns)}}}{{l}}{{\emph{{{latex_escape(row.status)}}}}}"
        lines = [f"{names[0]} & {across}", *names[1:]]
        closer = False
    else:
        cells = [made.cells[column.id][number].lines for column in made.columns]
        lines = [" & ".join(line) for line in zip_longest(names, *cells, fillvalue="")]
        closer = len(names) == 1
    keys = sorted({key for column in made.columns for key in row.entries[column.id].keys})
    for line in lines[:-1]:
        yield line + (r" \\[-3pt]" if closer else r" \\")
    end = r" \\[1pt]" if len(lines) > 1 else r" \\"
    yield f"{lines[-1]}{end} % {' '.join(keys)}".rstrip(" %")


def _make_label(table: Table) -> str:
    name = "-".join(filter(None, (table.task, table.name)))
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in name)
