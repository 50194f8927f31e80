from __future__ import annotations

import gzip
import json

import pytest
from handmade import BLEU, bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.strata_table import build_strata_tables, strata_names
from benchmark.report.tables.supplementary_tables import (
    build_supplementary_tables,
    supplementary_names,
)


@pytest.fixture
def folder(tmp_path):
    rows = [{BLEU: [i / 10, i / 10], "self_bleu": i / 20} for i in range(4)]
    lines = [trial("a", bleu(0.15) | self_bleu(0.075)), trial("b", bleu(0.15), kind="single")]
    values = {"score-a-main-1": rows, "score-b-main-1": rows}
    made = write_handmade(tmp_path / "x", lines, values=values)
    facts = [{"id": f"s{i}", "length": 4 + i, "overlap": 0.5, "likeness": 0} for i in range(4)]
    path = made / "records" / "sources" / "k.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in facts).encode()))
    run = json.loads((made / "records" / "run.json").read_text())
    run["tasks"]["toy"]["sources"] = "k"
    (made / "records" / "run.json").write_text(json.dumps(run))
    return made


def test_few_columns_that_say_what_they_hold(folder):
    board = Board(read_records(folder))
    quality, diversity = build_strata_tables(board, "toy")
    heads = [(column.head, column.detail) for column in quality.columns]
    assert heads == [("Length", "up to 5"), ("Length", "over 5")]
    first, second = (c.text(quality.rows[0].entries[c.id].interval.value) for c in quality.columns)
    assert (first, second) == ("0.050", "0.250")
    assert "(2 and 2 sources)" in quality.caption
    assert "overlap" not in quality.caption
    assert quality.name == "strata" and diversity.name == "strata-diversity"
    # One candidate that is always repeated has no diversity.
    rows = {row.system: row for row in diversity.rows}
    assert all(entry.dash for entry in rows["b"].entries.values())
    assert not any(entry.dash for entry in rows["a"].entries.values())
    assert "| a " in to_markdown(quality)
    assert "up to 5" in to_latex(quality)


def test_they_stand_among_the_tables_of_the_task(folder):
    board = Board(read_records(folder))
    names = supplementary_names(board.records, "toy")
    assert names == ("frontier", "significance", "strata", "strata-diversity", "cost")
    assert tuple(table.name for table in build_supplementary_tables(board, "toy")) == names


def test_records_without_facts_have_none(folder):
    (folder / "records" / "sources" / "k.jsonl.gz").unlink()
    board = Board(read_records(folder))
    assert strata_names(board.records, "toy") == ()
    assert build_strata_tables(board, "toy") == ()
