from __future__ import annotations

from handmade import bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.supplementary_tables import (
    build_supplementary_tables,
    supplementary_names,
)
from benchmark.report.tables.undrawn_table import build_undrawn_table


def line(system, value, **facts):
    return trial(system, bleu(value) | self_bleu(0.5), **facts)


THEIRS = line("theirs", 0.40, kind="single", family="iterative")
LISTED = line("listed", 0.30, kind="n-best", family="iterative")
OURS = line("ours", 0.35, label="temperature=0.7", knob_value=0.7)
GREEDY = line(
    "ours", 0.55, label="temperature=0", roles=("sweep",), kind="single", knob_value=0.0, depth=4
)
DRAWN = line("drawn", 0.60)
COPY = line("copy-source", 0.9, kind="single", family="yardstick")


def board(tmp_path, *trials):
    return Board(read_records(write_handmade(tmp_path / "x", [*trials])))


def test_each_system_has_its_setting_without_draws(tmp_path):
    table = build_undrawn_table(board(tmp_path, THEIRS, LISTED, OURS, GREEDY, DRAWN, COPY), "toy")
    values = {row.name: row.entries["bleu_sent_m4.expected"].interval.value for row in table.rows}
    assert values == {
        "theirs, main": 0.40, "listed, main": 0.30, "ours, temperature=0": 0.55,
    }  # fmt: skip
    calls = {row.system: row.entries["cost.depth"].interval.value for row in table.rows}
    assert calls == {"theirs": 10, "listed": 10, "ours": 4}
    # Diversity of one text means nothing, and neither does what draws could be chosen from.
    assert not table.part("diversity")
    assert all(column.id.endswith(".expected") for column in table.part("quality"))
    assert not any("Deterministic" in note.text for note in table.footnotes)
    assert not any(row.marks for row in table.rows)


def test_it_is_there_where_both_kinds_are(tmp_path):
    both = board(tmp_path / "a", THEIRS, OURS, GREEDY)
    assert "undrawn" in supplementary_names(both.records, "toy")
    names = [table.name for table in build_supplementary_tables(both, "toy")]
    assert names == [*supplementary_names(both.records, "toy")]
    for number, trials in enumerate(([THEIRS, DRAWN], [OURS, GREEDY, DRAWN], [THEIRS, COPY])):
        other = board(tmp_path / str(number), *trials)
        assert "undrawn" not in supplementary_names(other.records, "toy")
