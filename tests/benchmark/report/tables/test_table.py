from __future__ import annotations

import pytest
from controlled import write_controlled
from handmade import BLEU, bleu, metric, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.table import (
    DAGGER,
    DOUBLE_DAGGER,
    SECTION,
    build_table,
    last_line,
)


def row_of(table, system):
    return next(row for row in table.rows if row.system == system)


def test_rows_and_columns(board):
    table = build_table(board, "toy")
    assert [family for family, _ in table.families()] == [
        "discrete diffusion", "autoregressive", "iterative", "edit", "yardstick",
    ]  # fmt: skip
    assert [column.id for column in table.columns] == [
        "bleu_sent_m4.expected",
        "bleu_sent_m4.mbr",
        "bleu_sent_m4.oracle",
        "self_bleu.set",
        "cost.depth",
        "cost.seconds_per_candidate",
    ]


def test_every_cell_knows_its_record(board):
    for row in build_table(board, "toy").rows:
        for name, entry in row.entries.items():
            stage = "generate" if name.startswith("cost.") else "score"
            expected = () if row.status == "failed" else (f"{stage}-{row.system}-main-1",)
            assert entry.keys == expected


def compared(tmp_path, shifts):
    """Systems that differ source by source: the spread of the sources hides it from intervals."""
    trials = [
        trial(
            name, bleu(0.5 + shift, half=0.1) | self_bleu(0.4 - shift),
            family="yardstick" if name == "copy-source" else "edit",
        )
        for name, shift in shifts.items()
    ]  # fmt: skip
    values = {
        f"score-{name}-main-1": [{BLEU: [i / 40 + shift + 0.01 * (i % 3)] * 2} for i in range(40)]
        for name, shift in shifts.items()
    }
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_bold_is_what_the_letters_do_not_tell_from_the_best(tmp_path):
    board = compared(tmp_path, {"best": 0.1, "same": 0.1, "below": 0.05, "copy-source": 0.2})
    table = build_table(board, "toy")
    bold = {
        name: {row.system for row in table.rows if row.entries[name].bold}
        for name in table.rows[0].entries
    }
    # All intervals overlap; the copy's higher score takes no part.
    assert bold.pop(f"{BLEU}.expected") == {"best", "same"}
    assert row_of(table, "best").entries[f"{BLEU}.expected"].beats == ("below",)
    # Nothing else is tested, and nothing is bold without a test.
    assert set().union(*bold.values()) == set()


def test_nothing_is_bold_where_nothing_differs(tmp_path):
    table = build_table(compared(tmp_path, dict.fromkeys("abc", 0.1)), "toy")
    assert any(row.letter for row in table.rows)
    assert not any(entry.bold for row in table.rows for entry in row.entries.values())


def test_deterministic_systems_have_no_set_diversity(board):
    row = row_of(build_table(board, "toy"), "fixed")
    assert row.marks == DAGGER
    assert row.entries["self_bleu.set"].dash
    assert not row.entries["self_bleu.set"].interval.defined
    assert row.entries["bleu_sent_m4.expected"].interval.value == 0.4


def test_candidates_that_seek_modes_have_a_mark_and_all_columns(tmp_path):
    diversity = metric({"set": {"value": 0.2, "low": 0.1, "high": 0.3}}, title="self-BLEU",
                       level="set", direction="lower")  # fmt: skip
    trials = [trial(k, {"self_bleu": diversity}, kind=k) for k in ("samples", "mode-seeking")]
    table = build_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    row = row_of(table, "mode-seeking")
    assert row.marks == SECTION and row_of(table, "samples").marks == ""
    assert row.entries["self_bleu.set"].interval.value == 0.2
    assert sum(note.text.startswith(SECTION) for note in table.footnotes) == 1


def test_divergence_of_ranked_lists_is_left_out(tmp_path):
    measured = {
        "divergence": metric(
            {"set": {"value": 0.2, "low": 0.1, "high": 0.3}}, title="divergence", level="set",
            direction="lower",
        )
    }  # fmt: skip
    trials = [trial(k, measured, kind=k) for k in ("samples", "n-best", "single")]
    table = build_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    assert row_of(table, "n-best").entries["divergence.set"].dash
    assert row_of(table, "single").entries["divergence.set"].interval.value == 0.2


def test_failed_system_keeps_its_row(board):
    row = row_of(build_table(board, "toy"), "broken")
    assert (row.status, row.error) == ("failed", "ValueError: it broke & <fell>")


def test_missing_seed_is_marked(tmp_path):
    trials = [trial("a", bleu(0.5)), trial("a", None, seed=2), trial("b", bleu(0.4))]
    table = build_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    assert row_of(table, "a").marks == DOUBLE_DAGGER
    assert any(note.text.startswith(DOUBLE_DAGGER) for note in table.footnotes)


def test_metrics_that_some_systems_lack_are_tolerated(tmp_path):
    trials = [trial("a", bleu(0.5)), trial("b", self_bleu(0.4)), trial("c", {})]
    table = build_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    assert not row_of(table, "b").entries["bleu_sent_m4.expected"].interval.defined
    assert row_of(table, "c").status == "ok"


def test_unknown_metrics_find_a_place(tmp_path):
    measured = {
        "novelty": metric({"set": {"value": 0.5}}, title="novelty", level="set"),
        "meteor": metric({"expected": {"value": 0.5}}, title="METEOR"),
        "bleu_sent_m4:case=lower": metric({"expected": {"value": 0.5}}, title="BLEU (sent)"),
    }
    folder = write_handmade(tmp_path / "x", [trial("a", measured)])
    table = build_table(Board(read_records(folder)), "toy")
    groups = {column.id: (column.group, column.detail) for column in table.columns}
    assert groups["novelty.set"][0] == "diversity"
    assert groups["meteor.expected"][0] == "quality"
    assert groups["bleu_sent_m4:case=lower.expected"] == ("quality", "mean, case=lower")


@pytest.mark.slow
def test_bleu_scales_never_share_a_column(realistic):
    table = build_table(realistic, "dialogue")
    heads = [(c.head, c.detail) for c in table.columns if "BLEU (" in c.head]
    assert heads == [
        ("BLEU (sent)", "mean"), ("BLEU (sent)", "MBR"), ("BLEU (sent)", "best of 4"),
        ("BLEU (corpus)", ""),
    ]  # fmt: skip
    (note,) = [n for n in table.footnotes if "Two BLEU scales" in n.text]
    assert "bleu_sent_m4|" in note.text
    assert "bleu_corpus|" in note.text
    assert note.groups == {"quality"}


@pytest.mark.parametrize(
    ("error", "line"), [("Traceback\n  x\nValueError: no\n", "ValueError: no"), ("", "")]
)
def test_last_line(error, line):
    assert last_line(error) == line


def test_caption_says_how_seeds_enter_the_intervals(tmp_path):
    student = ", widened for the spread over seeds by Student's t (Welch-Satterthwaite)"
    for seeds, told in (((1,), ""), ((1, 2), student)):
        trials = [trial("a", bleu(0.5), seed=seed) for seed in seeds]
        board = Board(read_records(write_handmade(tmp_path / str(len(seeds)), trials)))
        shares = ", for shares of yes Clopper-Pearson at the effective number of answers"
        assert f"95 % intervals: by hand{shares}{told}." in build_table(board, "toy").caption


def test_the_ceiling_of_a_judge_is_printed_with_its_columns(tmp_path):
    ceilings = {"sentiment": 0.943, "food": 0.873}
    folder = write_controlled(tmp_path / "x", edits=False, ceilings=ceilings)
    table = build_table(Board(read_records(folder)), "toy")
    heads = {column.id: column.detail for column in table.columns}
    assert heads["control:attribute=food.expected"] == "attribute=food, ceiling 0.873"
    # Two ceilings have no room in a head: the note has both.
    assert heads["control.expected"] == ""
    said = "Judge of sentiment: right on 94.3%. Judge of food: right on 87.3%."
    (note,) = [n for n in table.footnotes if n.text.startswith("Judge")]
    assert (note.text, note.groups) == (said, {"known answers"})
    assert said in to_markdown(table) and said.replace("%", r"\%") in to_latex(table)


def test_no_ceiling_where_answers_are_known(control_board):
    table = build_table(control_board, "toy")
    assert not any("Judge" in note.text for note in table.footnotes)
    assert not any("ceiling" in column.detail for column in table.columns)
    known = [column.id for column in table.columns if column.group == "known answers"]
    assert known[:3] == ["control.expected", "sentence.expected", "control_if_sentence.expected"]


def cased(value: float, *, capitals: bool | None, family: str = "edit", name: str) -> dict:
    lower = metric({"expected": {"value": value}}, title="BLEU (sent)", signature="b|case:lower")
    mixed = metric(
        {"expected": {"value": value}}, title="BLEU (sent)", signature="b|case:mixed|v:1"
    )
    line = trial(name, {f"{BLEU}:case=lower": lower, BLEU: mixed}, family=family)
    line["score"]["capitals"] = capitals
    return line


def case_notes(folder, lines) -> list[str]:
    table = build_table(Board(read_records(write_handmade(folder, lines))), "toy")
    return [n.text for n in table.footnotes if "capital" in n.text]


def test_who_writes_no_capitals_is_named(tmp_path):
    reference = cased(1.0, capitals=True, family="yardstick", name="reference")
    small = [cased(0.5, capitals=False, name=name) for name in ("a", "b")]
    (note,) = case_notes(
        tmp_path / "some", [*small, cased(0.6, capitals=True, name="c"), reference]
    )
    assert note == (
        "The references have capital letters, and a and b write none: what that costs counts in"
        " BLEU (sent) (mean). Systems are to be compared under case=lower."
    )
    (note,) = case_notes(tmp_path / "all", [*small, reference])
    assert note.startswith(
        "The references have capital letters, and none of the models writes any:"
    )
    yardstick = cased(0.6, capitals=False, family="yardstick", name="tokenizer-ceiling")
    (note,) = case_notes(tmp_path / "bare", [yardstick, reference])
    assert "and tokenizer-ceiling writes none: what that costs" in note
    # Records that do not say, and references without capitals.
    assert case_notes(tmp_path / "old", [cased(0.5, capitals=None, name="a")]) == []
    assert case_notes(tmp_path / "big", [cased(0.5, capitals=True, name="a")]) == []
