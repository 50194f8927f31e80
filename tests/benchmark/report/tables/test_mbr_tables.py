from __future__ import annotations

import pytest
from handmade import BLEU, bleu, curved, metric, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.mbr_tables import build_choosing_tables, choosing_names
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.supplementary_tables import (
    build_supplementary_tables,
    supplementary_names,
)
from benchmark.report.tables.table import DASH

SIX = [0.30, 0.32, 0.34, 0.36, 0.38, 0.40]


def both(shift=0.0, sizes=6):
    values = [value + shift for value in SIX[:sizes]]
    lower = [value - 0.02 for value in values]
    found = curved({BLEU: values, "rouge_l": lower})
    found |= curved({BLEU: lower, "rouge_l": values}, name="rouge_l", title="ROUGE-L")
    return found


@pytest.fixture
def trials():
    made = [
        trial("a", both()),
        trial("b", both(0.2), family="edit"),
        trial("greedy", both(0.1, sizes=1), kind="single"),
        trial("beam", both(0.1, sizes=4), kind="n-best"),
        trial("broken", None),
        trial("copy-source", both(0.0, sizes=1), family="yardstick", kind="single"),
        trial("oracle", both(0.5), family="yardstick", depth=0),
    ]
    for line, rows in zip(made, (6.0, 2.0, 9.0, 12.0, 0, 0.0, 0.0), strict=True):
        if line["cost"]:
            line["cost"]["rows"] = rows
    return made


@pytest.fixture
def choosing(tmp_path, trials) -> Board:
    return Board(read_records(write_handmade(tmp_path / "x", trials)))


def test_known_table(choosing):
    table, others = build_choosing_tables(choosing, "toy")
    lines = to_markdown(table).splitlines()
    assert (
        "| System | n = 1 ↑ | n = 2 ↑ | n = 5 ↑ | n = 6 ↑ | best, of 6 ↑ | n, at 6 rows"
        " | BLEU (sent), at 6 rows ↑ |" in lines
    )
    # Six rows buy one draw of `a` and three of `b`.
    assert (
        "| a, by rouge_l | 0.280 ±0.010 | 0.300 ±0.010 | 0.360 ±0.010 | 0.380 ±0.010"
        " | 0.500 ±0.010 | 1 | 0.280 ±0.010 |" in lines
    )
    (row,) = (line for line in lines if line.startswith(f"| b, by {BLEU}"))
    assert row.startswith(f"| b, by {BLEU} | 0.500 ±0.010 |")
    assert row.endswith("| 3 | 0.540 ±0.010 |")
    assert f"| greedy† | 0.400 ±0.010 |{f' {DASH} |' * 6}" in lines
    assert (others.name, [c.id for c in others.columns]) == (
        "mbr-metrics", ["rouge_l.mbr@1", "rouge_l.mbr@5", "rouge_l.mbr@6"],
    )  # fmt: skip


def test_a_list_has_no_row_but_a_word(choosing):
    table, others = build_choosing_tables(choosing, "toy")
    assert "beam" not in [row.system for row in (*table.rows, *others.rows)]
    said = " ".join(note.text for note in table.footnotes)
    assert "beam 0.46 (4 candidates)" in said
    assert "† One answer" in said and "† One answer" in others.footnotes[0].text


def test_nothing_is_bold_without_values_to_test(choosing):
    for table in build_choosing_tables(choosing, "toy"):
        assert not any(entry.bold for row in table.rows for entry in row.entries.values())


def test_captions_warn_of_the_utility(choosing):
    for table in build_choosing_tables(choosing, "toy"):
        assert "Choosing by a metric inflates that metric" in table.caption
        assert "2 sources" in table.caption


def test_latex_is_one_table_and_says_so(choosing):
    for table in build_choosing_tables(choosing, "toy"):
        text = to_latex(table)
        assert text.count(r"\begin{table*}") == 1
        assert "two tables" not in text


def test_names_agree_with_tables(choosing, board):
    names = choosing_names(choosing.records, "toy")
    assert [table.name for table in build_choosing_tables(choosing, "toy")] == list(names)
    assert names == ("mbr", "mbr-metrics")
    every = [t.name for t in build_supplementary_tables(choosing, "toy")]
    assert every == ["frontier", "significance", *names, "cost"]
    assert supplementary_names(board.records, "toy") == ("frontier", "significance", "cost")
    assert list(build_choosing_tables(board, "toy")) == []


def test_validity_stands_first_and_variants_stand_once(tmp_path):
    found = curved({BLEU: SIX}, name=f"{BLEU}:case=lower") | curved({BLEU: SIX})
    found |= curved({BLEU: SIX}, name="validity", title="validity")
    found |= curved({BLEU: SIX}, name="dist_1", title="dist-1")
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", found)])))
    table, others = build_choosing_tables(board, "toy")
    assert table.title == "Minimum Bayes risk: validity"
    assert {c.id.rpartition(".")[0] for c in others.columns} == {f"{BLEU}:case=lower"}


def test_control_stands_first_and_not_that_of_one_attribute(tmp_path):
    kind = {"title": "control", "bounds": [0, 1], "known": True}
    found = curved({BLEU: SIX}, name="control:attribute=tense") | curved({BLEU: SIX})
    found |= curved({BLEU: SIX}, name="control")
    for name in ("control:attribute=tense", "control"):
        found[name] |= kind
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", found)])))
    table, _ = build_choosing_tables(board, "toy")
    assert {c.id.rpartition(".")[0] for c in table.columns} == {"control"}


def test_one_metric_one_table(tmp_path):
    lines = [trial("a", curved({BLEU: SIX})), trial("plain", bleu(0.3))]
    lines[0]["score"]["metrics"]["length"] = metric({}, title="length", direction="none")
    board = Board(read_records(write_handmade(tmp_path / "x", lines)))
    assert choosing_names(board.records, "toy") == ("mbr",)
    (table,) = build_choosing_tables(board, "toy")
    assert [row.name for row in table.rows] == [f"a, by {BLEU}"]
