from __future__ import annotations

import csv
import io

import pytest
from rated import SOURCES, write_samples

from benchmark.api import UserError
from benchmark.human_evaluation.kept_texts import gather_texts
from benchmark.human_evaluation.key import read_key
from benchmark.human_evaluation.questions import usual_questions
from benchmark.human_evaluation.sheet import SheetPlan, make_key, write_sheets
from benchmark.records.reader import read_records

HARD = ["=cmd|' /C calc'!A0", "</script><img src=x>", "a\nb\x00", "", "@SUM(1)", " +1", "-2"]


def plan(design="ratings", **changes):
    given = {"num_items": 60, "scale": 5, "seed": 0, "questions": usual_questions("", design)}
    return SheetPlan(design=design, **given | changes)


@pytest.fixture(params=["ratings", "pairs"])
def written(request, report, tmp_path):
    texts = [*HARD, *(f"text fst {n}" for n in range(len(HARD), SOURCES))]
    write_samples(report, "first-model", texts, sources=[f"source {n}" for n in range(SOURCES)])
    records = read_records(report)
    kept = gather_texts(records, "toy")
    key = make_key(records, "toy", kept, plan(request.param))
    folder = tmp_path / "out"
    paths = write_sheets(folder, key, kept, 2)
    return key, folder, paths


def rows_of(folder, rater=1):
    text = (folder / f"rater-{rater}" / "sheet.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_files(written):
    key, folder, paths = written
    names = [path.relative_to(folder).as_posix() for path in paths]
    assert names == ["key.json", "rater-1/page.html", "rater-1/sheet.csv", "rater-2/page.html",
                     "rater-2/sheet.csv"]  # fmt: skip
    assert read_key(folder) == key and len(key.sheet) == 8 and key.sheet.isalpha()


def test_nothing_in_a_rater_s_folder_says_whose_a_text_is(written):
    key, _, paths = written
    for path in paths[1:]:
        text = path.read_text(encoding="utf-8")
        for name in (*key.systems, *key.systems.values(), key.report, "yardstick", "repeats"):
            assert name not in text, (name, path)


def test_rows_are_the_items_in_the_rater_s_own_order(written):
    key, folder, _ = written
    orders = [[row["item"] for row in rows_of(folder, rater)] for rater in (1, 2)]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(item.id for item in key.items)
    assert orders[0] != orders[1] != [item.id for item in key.items]


def test_cells_are_safe_and_in_one_line(written):
    _, folder, _ = written
    rows = rows_of(folder)
    cells = [cell for row in rows for cell in row.values()]
    assert not [c for c in cells if c.lstrip().startswith(("=", "+", "-", "@"))]
    assert not [c for c in cells if not c.isprintable()]
    texts = {cell for row in rows for name, cell in row.items() if name.startswith("text")}
    assert {"'=cmd|' /C calc'!A0", "a␊b␀", "(empty)", "' +1", "</script><img src=x>"} & texts


def test_questions_are_heads_with_empty_cells(written):
    key, folder, _ = written
    (row, *_) = rows_of(folder)
    heads = [head for head in row if ": " in head]
    assert [head.partition(":")[0] for head in heads] == [q.id for q in key.questions]
    assert heads[0].endswith(
        "(a, tie, b)" if key.design == "pairs" else "(1 = not at all, 5 = entirely)"
    )
    assert {row[head] for head in heads} == {""}


def test_the_key_of_another_sheet_is_kept(written, report):
    key, folder, paths = written
    records = read_records(report)
    kept = gather_texts(records, "toy")
    before = {path: path.read_bytes() for path in paths}
    write_sheets(folder, make_key(records, "toy", kept, plan(key.design)), kept, 2)
    assert before == {path: path.read_bytes() for path in paths}, "the same call, the same bytes"
    other = make_key(records, "toy", kept, plan(key.design, seed=1))
    with pytest.raises(UserError, match="the key of another sheet"):
        write_sheets(folder, other, kept, 1)
    assert before == {path: path.read_bytes() for path in paths}
