from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.report.tables.composition_table import build_composition_table
from benchmark.report.tables.latex_columns import (
    FEWEST,
    MOST,
    check_columns,
    choose_columns,
    read_columns,
)
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.significance_table import build_significance_table
from benchmark.report.tables.supplementary_tables import build_supplementary_tables
from benchmark.report.tables.table import build_table


def ids(columns):
    return [column.id for column in columns]


def test_a_main_table_shows_quality_diversity_and_cost(realistic):
    table = build_table(realistic, "dialogue")
    assert ids(choose_columns(table)) == [
        "bleu_sent_m4.expected", "validity.expected", "coverage.set", "self_bleu.set",
        "cost.depth", "cost.seconds_per_candidate",
    ]  # fmt: skip


def test_presets_are_small(realistic):
    further = build_supplementary_tables(realistic, "dialogue")
    for table in (build_table(realistic, "dialogue"), *further):
        if not table.part("pairs"):
            found = choose_columns(table)
            assert min(FEWEST, len(table.columns)) <= len(found) <= MOST, table.name
            assert ids(found) == [c for c in ids(table.columns) if c in ids(found)]


def test_control_is_shown_first(control_board):
    assert "control.expected" in ids(choose_columns(build_table(control_board, "toy")))
    composition = ids(choose_columns(build_composition_table(control_board, "toy")))
    assert composition[0].startswith("control.")


def test_pairs_are_shown_whole(realistic):
    table = build_significance_table(realistic, "dialogue")
    assert choose_columns(table, [table.columns[0].id]) == table.columns


def test_wanted_columns_replace_the_preset_where_a_table_has_them(realistic):
    table = build_table(realistic, "dialogue")
    wanted = ["cost.depth", "validity.expected"]
    assert ids(choose_columns(table, wanted)) == ["validity.expected", "cost.depth"]
    assert choose_columns(table, ["area"]) == choose_columns(table)


def test_unknown_columns_are_refused_with_a_suggestion(realistic):
    tables = [build_table(realistic, "dialogue")]
    check_columns(["validity.expected"], tables)
    with pytest.raises(UserError, match=r"No table has the column .*did you mean 'cost\.depth'"):
        check_columns(["cost.depht"], tables)


def test_a_file_says_which_columns_it_has(realistic, tmp_path):
    table, path = build_table(realistic, "dialogue"), tmp_path / "x.tex"
    assert read_columns(path) == ()
    path.write_text(to_latex(table, ["cost.depth", "validity.expected"]), encoding="utf-8")
    assert read_columns(path) == ("validity.expected", "cost.depth")
    assert "further columns are in the .md and .csv files" in path.read_text(encoding="utf-8")
    path.write_text("% of an older version\n")
    assert read_columns(path) == ()
