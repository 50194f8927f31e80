from __future__ import annotations

import gzip
import json

import pytest
from controlled import known_success, write_controlled

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.composition_table import build_composition_table, has_composition
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.supplementary_tables import supplementary_names


@pytest.fixture(scope="module")
def table(control_board):
    return build_composition_table(control_board, "toy")


def test_only_where_attributes_are_asked_for(board, control_board):
    assert has_composition(control_board.records, "toy")
    assert supplementary_names(control_board.records, "toy")[0] == "composition"
    assert not has_composition(board.records, "toy")
    assert "composition" not in supplementary_names(board.records, "toy")


def test_only_where_the_number_of_attributes_is_known(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=False)
    for path in (folder / "records" / "values").glob("*.gz"):
        rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        lines = "".join(json.dumps(row | {"wanted": []}) + "\n" for row in rows)
        path.write_bytes(gzip.compress(lines.encode()))
    assert not has_composition(read_records(folder), "toy")


def test_rows_are_followed_by_themselves_unguided_and_with_other_labels(table):
    assert [row.name for row in table.rows] == [
        "transformer, 200 labels", "transformer, 1,000 labels", "transformer, 200 labels alone",
        "latentops, 200 labels", "latentops, unguided", "latentops, 50 labels",
        "latentops, 1,000 labels", "bayes, 200 labels", "bayes, 50 labels", "oracle",
    ]  # fmt: skip


def test_columns_of_every_level(table):
    heads = dict.fromkeys(column.head for column in table.columns)
    assert list(heads) == ["Success", "Of oracle", "Of bayes", "Sentences"]
    assert [column.detail for column in table.columns] == ["1", "2", "3", "4"] * 4
    assert "1 (10 sources), 2 (10 sources)" in table.caption


def test_cells_are_the_counted_numbers(controlled, table):
    rows = {row.name: row for row in table.rows}
    for name, key in (("latentops, 200 labels", "latentops-main-1"),
                      ("latentops, unguided", "latentops-strength=0-1")):  # fmt: skip
        for number, value in known_success(controlled, key).items():
            entry = rows[name].entries[f"control.{number}"]
            assert entry.interval.value == pytest.approx(value)
            assert entry.keys == (f"score-{key}",)


def test_bold_is_among_rows_of_as_many_labels(tmp_path, table):
    more = write_controlled(tmp_path / "x", edits=False, sources=160)
    rows = build_composition_table(Board(read_records(more)), "toy").rows
    bold = [row.name for row in rows if row.entries["control.4"].bold]
    # Of two systems on 1,000 labels neither is better; one that learnt from 50 stands alone.
    assert bold == ["latentops, 200 labels"]
    # Ten sources cannot tell anybody apart after the correction.
    assert not any(entry.bold for row in table.rows for entry in row.entries.values())
    assert "best success of the models that learnt from as many labels" in table.caption


def test_bold_leaves_ceilings_out(tmp_path):
    more = write_controlled(tmp_path / "x", edits=False, sources=160)
    rows = build_composition_table(Board(read_records(more)), "toy").rows
    assert any(entry.bold for row in rows for entry in row.entries.values())
    ceilings = [row for row in rows if row.system in ("oracle", "bayes")]
    assert not any(entry.bold for row in ceilings for entry in row.entries.values())


def test_edits_say_what_the_reconstruction_is(edit_board):
    table = build_composition_table(edit_board, "toy")
    assert table.title == "Attributes changed at once"
    assert "the reconstruction, the ceiling of content kept" in table.caption
    assert [c.head for c in table.columns][-1] == "Kept"
    copy = next(row for row in table.rows if row.system == "copy-source")
    assert copy.entries["kept.1"].interval.value == 1
    assert copy.entries["control.1"].interval.value == 0


def test_real_edits_keep_what_bleu_with_the_text_says(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=True, kept="source_bleu:case=lower")
    table = build_composition_table(Board(read_records(folder)), "toy")
    assert [c.head for c in table.columns][-1] == "Source BLEU"
    copy = next(row for row in table.rows if row.system == "copy-source")
    assert copy.entries["source_bleu:case=lower.2"].interval.value == 1


def test_the_ceiling_of_a_judge_stands_below(tmp_path, table):
    folder = write_controlled(tmp_path / "x", edits=False, ceilings={"sentiment": 0.971})
    judged = build_composition_table(Board(read_records(folder)), "toy")
    assert "Judge of sentiment: right on 97.1%." in to_markdown(judged)
    assert r"Judge of sentiment: right on 97.1\%." in to_latex(judged)
    assert "Judge" not in to_markdown(table)
