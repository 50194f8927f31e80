from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.records.schema import Interval
from benchmark.report.analysis.significance import Ranking
from benchmark.report.data.columns import Column
from benchmark.report.data.points import Board
from benchmark.report.tables.renderers import shown, to_csv, to_markdown
from benchmark.report.tables.table import DASH, TableCell, build_table, with_bold

QUALITY = "bleu_sent_m4.expected"


@pytest.fixture
def table(board):
    table = build_table(board, "toy")
    values = {row.system: row.entries[QUALITY].interval for row in table.rows[:2]}
    best, *worse = sorted(values, key=lambda system: -values[system].value)
    ranking = Ranking({best: values[best]}, (), tuple(worse))
    return replace(table, rows=with_bold(table.rows, {QUALITY: ranking}))


def test_markdown_known_answer(table):
    lines = to_markdown(table).splitlines()
    assert lines[0] == "# Toy"
    assert lines[4].startswith("| System | BLEU (sent), mean ↑ | BLEU (sent), MBR ↑ |")
    assert (
        "| best | **0.500** ±0.010 | 0.600 ±0.010 | 0.700 ±0.010 | 0.400 ±0.010 | 10 | 12.5 |"
        in lines
    )
    assert f"| fixed† | 0.400 ±0.010 | 0.500 ±0.010 | 0.600 ±0.010 | {DASH} | 10 | 12.5 |" in lines
    assert "| broken | failed |  |  |  |  |  |" in lines


def test_markdown_rows_have_equal_width(table):
    rows = [line for line in to_markdown(table).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}


def test_csv_texts_are_no_formulas_and_numbers_stay_numbers(table):
    entry = TableCell(Interval(value=-0.5, low=-1.0, high=0.0), (), beats=("=b",))
    row = replace(
        table.rows[0],
        system="=HYPERLINK(1)",
        family="+f",
        setting="@x",
        error="-e",
        entries=table.rows[0].entries | {QUALITY: entry},
    )
    (read,) = csv.DictReader(io.StringIO(to_csv(replace(table, rows=(row,)))))
    texts = [read[name] for name in ("system", "family", "setting", "error")]
    assert texts == ["'=HYPERLINK(1)", "'+f", "'@x", "'-e"]
    assert (read[QUALITY], read[f"{QUALITY}.low"]) == ("-0.5", "-1.0")
    assert read[f"{QUALITY}.better_than"] == "'=b"


def test_csv_comes_back_exactly(table):
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert [row["system"] for row in rows] == [row.system for row in table.rows]
    for read, row in zip(rows, table.rows, strict=True):
        for column in table.columns:
            entry = row.entries[column.id]
            ends = (entry.interval.value, entry.interval.low, entry.interval.high)
            names = (column.id, f"{column.id}.low", f"{column.id}.high")
            for name, end in zip(names, ends, strict=True):
                assert read[name] == ("" if end != end else repr(float(end)))
            assert read[f"{column.id}.bold"] == str(int(entry.bold))
    best = next(row for row in rows if row["system"] == "best")
    assert best["score_keys"] == "score-best-main-1"
    assert best["generate_keys"] == "generate-best-main-1"
    broken = next(row for row in rows if row["system"] == "broken")
    assert (broken["status"], broken["error"]) == ("failed", "ValueError: it broke & <fell>")


def test_no_interval_of_no_width(tmp_path):
    folder = write_handmade(
        tmp_path / "x", [trial("a", bleu(0.5, half=0.0)), trial("b", bleu(0.1))]
    )
    assert "| a | 0.500 | 0.600 |" in to_markdown(build_table(Board(read_records(folder)), "toy"))


@pytest.mark.parametrize(
    ("ends", "spread"),
    [
        ((0.998, 0.992, 0.9997), "[0.992, 1.000]"),
        ((1.0, 0.964, 1.0), "[0.964, 1.000]"),
        ((0.5, 0.42, 0.57), "±0.075"),
        ((0.5, 0.5, 0.5), ""),
    ],
)
def test_skewed_intervals_are_shown_by_their_ends(ends, spread):
    value, low, high = ends
    column = Column("q", "known answers", "q", "", "higher", lambda _: Interval(value=0))
    cell = TableCell(Interval(value=value, low=low, high=high), ())
    assert shown(column, cell) == (f"{value:.3f}", spread)


def test_ends_of_skewed_intervals_stand_in_every_rendering(table):
    wide = Interval(value=0.998, low=0.992, high=0.9997)
    row = replace(table.rows[0], entries=table.rows[0].entries | {QUALITY: TableCell(wide, ())})
    skewed = replace(table, rows=(row,))
    assert "| 0.998 [0.992, 1.000] |" in to_markdown(skewed)
    assert "0.998,0.992,0.9997," in to_csv(skewed)


def test_what_never_happened_has_no_interval_in_the_table():
    zero = TableCell(Interval(value=0, low=0, high=0.036), ())
    form, known = (
        Column("q", group, "q", "", "lower", lambda _: Interval(value=0), scale=100, digits=1)
        for group in ("form", "known answers")
    )
    assert shown(form, zero) == ("0.0", "")
    assert shown(known, zero) == ("0.0", "[0.0, 3.6]")
