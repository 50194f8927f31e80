"""What may stand beside published figures, what may not, and that the reason is told."""

from __future__ import annotations

import gzip
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from handmade import bleu, metric, trial, write_handmade

from benchmark.literature.conversion import TEST_SOURCES
from benchmark.literature.published_figures import NOT_OURS, published_figures
from benchmark.metrics import Item, make_metric
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables import published_tables
from benchmark.report.tables.published_tables import (
    COPY_METRIC,
    COPY_VALUES,
    PUBLISHED,
    TOLERANCE,
    build_published_table,
    comparable_figures,
    describe_published,
    explain_difference,
    find_obstacle,
)
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.supplementary_tables import (
    build_supplementary_tables,
    supplementary_names,
)
from benchmark.report.tables.table import build_table
from benchmark.report.text.summary import write_sentences

ROOT = Path(__file__).parents[4]
LOWER = "bleu_sent_m4:case=lower,pieces=bert-base-uncased"
"""The scale of the published evaluation."""


def lower(value):
    return {name: bleu(value)["bleu_sent_m4"] for name in (COPY_METRIC, LOWER)}


def board_of(tmp_path, *, task="qqp", test=2500, copy=0.2288, samples=10, metrics=lower):
    lines = [trial("mine", metrics(0.25), task=task)]
    if copy is not None:
        lines.append(
            trial("copy-source", metrics(copy), task=task, family="yardstick", kind="single")
        )
    for line in lines:
        line["score"]["num_samples"] = 1 if line["setting"]["kind"] == "single" else samples
    folder = write_handmade(tmp_path / "toy", lines)
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"][task]["counts"] = {"test": test, "train": 89_470}
    path.write_text(json.dumps(run))
    return Board(read_records(folder))


def rows_of(table):
    return {(row.family, row.name): row for row in table.rows}


def value(row, column):
    return row.entries[column].interval.value


def test_the_same_test_set_scale_and_number_of_candidates_stand_side_by_side(tmp_path):
    board = board_of(tmp_path)
    table = build_published_table(board, "qqp")
    single, choice = f"{LOWER}.expected", f"{LOWER}.mbr.10"
    assert {column.id for column in table.columns} == {single, choice}
    rows = rows_of(table)
    theirs = rows["DiffuSeq arXiv 2210.08933 (ICLR'23) Table 1 (table)", "DiffuSeq"]
    assert value(theirs, choice) == 0.2413
    assert not theirs.entries[single].interval.defined
    levt = rows["DiffuSeq arXiv 2210.08933 (ICLR'23) Table 1 (table)", "NAR-LevT"]
    assert value(levt, single) == 0.2268
    assert value(rows["autoregressive", "mine"], single) == 0.25
    assert value(rows["autoregressive", "mine"], choice) == 0.35
    assert value(rows["yardstick", "copy-source"], single) == 0.2288
    assert not any(entry.bold for row in table.rows for entry in row.entries.values())
    text = to_markdown(table)
    assert "Our systems saw 89,470 training pairs, those of the papers 144,715" in text
    assert "Not comparable, read off a printed figure by eye" in text
    assert "TESS (re-run)" in text


def test_a_choice_from_fewer_candidates_does_not(tmp_path):
    board = board_of(tmp_path, samples=5)
    table = build_published_table(board, "qqp")
    assert [column.id for column in table.columns] == [f"{LOWER}.expected"]
    (told,) = [n.text for n in table.footnotes if "10 candidates, ours over 5" in n.text]
    assert "DiffuSeq" in told


def test_only_a_part_of_the_test_set_does_not(tmp_path):
    board = board_of(tmp_path, test=200)
    assert comparable_figures(board.records, "qqp") == ()
    assert PUBLISHED not in supplementary_names(board.records, "qqp")
    said = write_sentences(board, "qqp")[-1]
    assert said.startswith(f"None of the {len(published_figures('qqp'))} published figures on qqp")
    assert said.endswith("they are over 2,500 test sources, these over 200.")


def test_another_test_set_of_the_same_size_does_not(tmp_path):
    board = board_of(tmp_path, copy=0.25)
    assert "copying the source scores 0.2500" in find_obstacle(board.records, "qqp")


def test_without_the_copy_row_nothing_does(tmp_path):
    board = board_of(tmp_path, copy=None)
    assert "copy-source, which was not measured" in find_obstacle(board.records, "qqp")


def test_another_case_does_not(tmp_path):
    board = board_of(tmp_path, metrics=lambda v: bleu(v) | {"rouge_l": metric({}, title="R")})
    assert "was not measured" in find_obstacle(board.records, "qqp")


def test_texts_as_they_are_do_not_stand_beside_word_pieces(tmp_path):
    board = board_of(tmp_path, metrics=lambda v: {COPY_METRIC: bleu(v)["bleu_sent_m4"]})
    assert find_obstacle(board.records, "qqp") == ""
    assert comparable_figures(board.records, "qqp") == ()
    assert PUBLISHED not in supplementary_names(board.records, "qqp")
    assert f"Not comparable, {LOWER} was not measured here" in describe_published(
        board.records, "qqp"
    )


def test_no_figure_of_the_literature_is_of_texts_as_they_are():
    scales = {figure.scale for figure in published_figures()} - {NOT_OURS}
    assert scales and all("pieces=bert-base-uncased" in scale for scale in scales)


def test_what_stands_beside_published_figures_stands_nowhere_else(tmp_path):
    board = board_of(tmp_path)
    ids = {column.id for column in build_table(board, "qqp").columns}
    assert f"{COPY_METRIC}.expected" in ids
    assert not any("pieces" in name for name in ids)


@pytest.mark.parametrize("task", sorted(published_tables.STAND_INS))
def test_stand_ins_never_do(tmp_path, task):
    board = board_of(tmp_path, task=task)
    assert PUBLISHED not in supplementary_names(board.records, task)
    assert describe_published(board.records, task).startswith(
        f"No published figure is shown beside these: the texts and references of {task}"
    )


def test_a_task_that_nobody_published_on_needs_no_word(tmp_path):
    board = board_of(tmp_path, task="paraphrase")
    assert describe_published(board.records, "paraphrase") == ""
    assert PUBLISHED not in supplementary_names(board.records, "paraphrase")


def test_names_and_tables_agree(tmp_path):
    board = board_of(tmp_path)
    names = supplementary_names(board.records, "qqp")
    assert names == tuple(table.name for table in build_supplementary_tables(board, "qqp"))
    assert names[-2:] == ("cost", PUBLISHED)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"reading": "by eye"}, "by eye"),
        ({"reading": "superseded"}, "replaced by its authors"),
        ({"scale": NOT_OURS, "note": "why; and more"}, r"another scale \(BLEU: why\)"),
        ({"statistic": "unknown", "candidates": None}, "is not stated"),
        ({"statistic": "oracle"}, "an upper bound"),
        ({"test_sources": None}, "split is not certain"),
        ({"scale": "rouge_l"}, "rouge_l was not measured here"),
        ({"scale": COPY_METRIC}, "case=lower was not measured here"),
        ({"candidates": 3}, "3 candidates, ours over 10"),
    ],
)
def test_every_reason_is_told(changes, told):
    (figure,) = [
        f
        for f in published_figures("qqp")
        if (f.system, f.scale, f.statistic, f.reading) == ("DiffuSeq", LOWER, "mbr", "table")
    ]
    found = explain_difference(replace(figure, **changes), {(LOWER, "mbr"): {10}})
    assert bool(found) == bool(told)
    if told:
        assert re.search(told, found)


@pytest.mark.slow
def test_the_kept_report_of_200_sources_says_that_it_cannot_be_compared():
    board = Board(read_records(ROOT / "reports" / "qqp-small-0.5.0"))
    of_test, of_train = write_sentences(board, "qqp")[-2:]
    assert of_test.endswith("over 2,500 test sources, these over 200.")
    assert of_train.startswith("The train split has 89,470 pairs, 62% of the 144,715 of the paper")


@pytest.mark.data
@pytest.mark.parametrize("task", sorted(COPY_VALUES))
def test_the_mark_of_the_official_test_sets(task):
    data = Path(os.environ.get("DIFFUSEQ_BENCH_DATA", ROOT / ".." / "shared" / "data"))
    path = data / task / "test.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {task} in {data}: set DIFFUSEQ_BENCH_DATA")
    pairs = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    items = [Item(str(i), p["src"], (p["trg"],), (p["src"],)) for i, p in enumerate(pairs)]
    scored = make_metric(COPY_METRIC).score(items).values.mean()
    assert len(items) == TEST_SOURCES[task]
    assert scored == pytest.approx(COPY_VALUES[task], abs=TOLERANCE)
