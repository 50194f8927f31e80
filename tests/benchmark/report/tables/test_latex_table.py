from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.records.schema import Interval
from benchmark.report.data.columns import Column
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.significance_table import build_significance_table
from benchmark.report.tables.table import Table, TableCell, TableRow, build_table

QUALITY = "bleu_sent_m4.expected"


@pytest.fixture
def table(board):
    return build_table(board, "toy")


def make_table(rows, columns=("q",)):
    """A table of rows of {column: (value, low, high, names of the rows that it beats)}."""
    return Table(
        task="toy",
        title="Toy",
        caption="One. Two. Three.",
        columns=tuple(
            Column(name, "quality", name, "", "none", lambda _: Interval(value=0))
            for name in columns
        ),
        rows=tuple(
            TableRow(
                system=name,
                title=name,
                family="family",
                setting="",
                letter="abcdefghij"[place],
                entries={
                    column: TableCell(Interval(value=v, low=low, high=high), (), beats=beats)
                    for column, (v, low, high, beats) in entries.items()
                },
            )
            for place, (name, entries) in enumerate(rows.items())
        ),
    )


def body_of(text):
    """The lines between the rules."""
    return text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()


def test_known_answer(table):
    best = replace(table.rows[0].entries[QUALITY], bold=True)
    first = replace(table.rows[0], entries=table.rows[0].entries | {QUALITY: best})
    text = to_latex(replace(table, rows=(first, *table.rows[1:])))
    assert text.count(r"\begin{table*}[t]") == 1
    assert r"\label{tab:toy}" in text
    value = f"{best.interval.value:.3f}"
    assert rf"{first.system} & \textbf{{{value}}}\,{{\tiny$\pm$0.010}} &" in text
    assert r"broken & \multicolumn{6}{l}{\emph{failed}} \\" in text
    assert "% generate-best-main-1 score-best-main-1" in text
    # Every row has as many cells as the table has columns.
    for line in body_of(text):
        if line.count("&") and "multicolumn" not in line:
            assert line.count("&") == 6


def test_names_are_escaped(tmp_path):
    folder = write_handmade(
        tmp_path / "x", [trial("my_file:100%", bleu(0.5)), trial("b", bleu(0.1))]
    )
    text = to_latex(build_table(Board(read_records(folder)), "toy"))
    assert r"my\_file:100\% & " in text
    assert "\nmy_file:100%" not in text


def test_captions_have_two_sentences_and_the_rest_stands_below():
    text = to_latex(make_table({"x": {"q": (0.5, 0.4, 0.6, ())}}))
    assert r"\caption{One. Two.}" in text
    assert r"\scriptsize\raggedright Three.\par}" in text
    assert text.index(r"\end{tabular}") < text.index("Three.")


def test_narrow_tables_stay_in_a_column():
    text = to_latex(make_table({"x": {"q": (0.5, 0.4, 0.6, ())}}))
    assert r"\begin{table}[t]" in text and r"\end{table}" in text


def test_figures_stand_below_each_other():
    text = to_latex(
        make_table({"x": {"q": (-0.5, -0.6, -0.4, ("y",))}, "y": {"q": (0.25, 0.2, 0.3, ())}})
    )
    assert r"x (a) & $-$0.500\,{\tiny$\pm$0.100}\textsuperscript{b} \\" in text
    assert r"y (b) & \phantom{$-$}0.250\,{\tiny$\pm$0.050} \\" in text


def test_intervals_move_below_where_the_page_is_too_narrow():
    names = [f"q{number}" for number in range(8)]
    entry = (0.998, 0.992, 0.9997, ())
    few = to_latex(make_table({"x": dict.fromkeys(names[:5], entry)}, names[:5]), names)
    assert r"0.998\,{\tiny[0.992, 1.000]}" in few
    text = to_latex(make_table({"x": dict.fromkeys(names, entry)}, names), names)
    figures, intervals = body_of(text)[-2:]
    assert figures == "x (a) & " + " & ".join(["0.998"] * 8) + r" \\[-3pt]"
    assert intervals == " & " + " & ".join([r"{\tiny[0.992, 1.000]}"] * 8) + r" \\[1pt]"
    assert text.count(r"\begin{table*}") == 1


def test_columns_that_do_not_fit_go_into_a_further_float():
    names = [f"q{number}" for number in range(18)]
    text = to_latex(make_table({"x": dict.fromkeys(names, (0.5, 0.4, 0.6, ()))}, names), names)
    assert text.count(r"\begin{table*}") == 2
    assert r"\label{tab:toy-2}" in text
    assert r"continued: the notes below Table~\ref{tab:toy} hold here too." in text
    assert text.count("Three.") == 1
    heads = [line for line in text.splitlines() if line.startswith("System &")]
    read = [cell.strip() for line in heads for cell in line.removesuffix(r"\\").split("&")[1:]]
    assert read == names, "no column is lost"


def test_long_names_and_heads_are_broken():
    name = "a-system-with-a-name-that-is-much-too-long-for-a-table-of-any-page"
    head = "a head that is longer than its figures"
    text = to_latex(make_table({name: {head: (0.5, 0.4, 0.6, ())}}, (head,)))
    *_, first, last = body_of(text)
    parts = [line.split(r" \\")[0].split(" & ")[0] for line in (first, last)]
    assert "".join(parts).replace(" (a)", "") == name
    assert head not in text.partition(r"\toprule")[2]


def test_pairs_become_signs_where_figures_do_not_fit(realistic, monkeypatch):
    monkeypatch.setattr("benchmark.report.tables.latex_table.PAGE", 250)
    table = build_significance_table(realistic, "dialogue")
    text = to_latex(table)
    assert text.count(r"\begin{table") == 1
    assert r"\textgreater{} where the row" in text
    families = [rows for _, rows in table.families()]
    columns = [column.id for column in table.columns]
    lines = [line for line in body_of(text) if " & " in line][1:]
    read = [line.split(r" \\")[0].split(" & ")[1:] for line in lines]
    size = len(columns)
    assert len(read) == size * len(families)
    better, worse, neither = r"\textgreater{}", r"\textless{}", r"$\cdot$"
    seen = set()
    for number, found in enumerate(families):
        signs = read[number * size : (number + 1) * size]
        for i in range(size):
            assert signs[i][i] == "--"
            for j in range(i + 1, size):
                entry = found[i].entries[columns[j]]
                above = (better, worse) if entry.interval.value > 0 else (worse, better)
                assert (signs[i][j], signs[j][i]) == (above if entry.bold else (neither, neither))
                seen.add(signs[i][j])
    assert seen == {better, worse, neither}


def test_few_pairs_keep_their_figures(tmp_path):
    trials = [trial("a", bleu(0.5)), trial("b", bleu(0.1))]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    text = to_latex(build_significance_table(board, "toy"))
    assert "above the diagonal" in text and "textgreater" not in text


def test_the_head_says_what_a_document_needs(table):
    text = to_latex(table)
    assert text.startswith("% Toy. Needs \\usepackage{booktabs}.\n")
    assert "CJKutf8" not in text
    chinese = to_latex(replace(table, rows=(replace(table.rows[0], system="中文"),)))
    assert "CJKutf8" in chinese and r"\DeclareRobustCommand{\cjk}" in chinese
    assert r"\cjk{gbsn}{中文}" in chinese


def test_two_scales_are_told_apart_only_where_both_are_shown(realistic):
    table = build_table(realistic, "dialogue")
    assert any("Two BLEU scales" in note.text for note in table.footnotes)
    assert "Two BLEU scales" not in to_latex(table)
    both = [c.id for c in table.columns if "bleu" in c.id and c.id.endswith(".expected")]
    assert "Two BLEU scales" in to_latex(table, both)
