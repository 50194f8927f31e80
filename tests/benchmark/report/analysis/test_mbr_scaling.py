from __future__ import annotations

import csv
import io
import math

import pytest
from handmade import BLEU, bleu, curved, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.mbr_scaling import (
    affordable,
    common_budget,
    curved_metrics,
    curved_points,
    curves_csv,
    describe_protocol,
    mbr_curve,
    oracle_curve,
    rows_per_candidate,
    utilities_of,
)
from benchmark.report.data.points import Board

UP = {BLEU: [0.4, 0.45, 0.5, 0.52], "rouge_l": [0.4, 0.42, 0.43, 0.44]}


def costing(line, rows):
    line["cost"]["rows"] = rows
    return line


def board_of(folder, *trials) -> Board:
    return Board(read_records(write_handmade(folder / "x", trials)))


def values(curve):
    return {size: interval.value for size, interval in curve.items()}


def test_the_setting_with_most_candidates_speaks_for_a_system(tmp_path):
    board = board_of(
        tmp_path,
        trial("a", curved({BLEU: [0.3, 0.4]})),
        trial("a", curved(UP), label="main, mbr", roles=["mbr"]),
        trial("b", curved({BLEU: [0.5, 0.6]})),
        trial("b", None, label="main, mbr", roles=["mbr"]),
        trial("old", bleu(0.5)),
        trial("broken", None),
    )
    a, b = curved_points(board, "toy")
    assert (a.label, b.label) == ("main, mbr", "main")
    assert values(mbr_curve(a, BLEU, "rouge_l")) == dict(enumerate(UP["rouge_l"], start=1))
    assert values(oracle_curve(b, BLEU)) == {1: 0.6, 2: 0.7}
    assert mbr_curve(b, BLEU, "rouge_l") == mbr_curve(b, "length", BLEU) == {}
    assert utilities_of((a, b)) == (BLEU, "rouge_l")
    assert list(curved_metrics(board.records, "toy")) == [BLEU]
    assert board.main("toy", "a").label == "main"
    assert describe_protocol((a,)) == "2 sources, up to 2 candidates; 95 % intervals: by hand."


def test_intervals_of_several_seeds_say_how_they_were_made(tmp_path):
    board = board_of(tmp_path, *(trial("a", curved(UP), seed=seed) for seed in (1, 2)))
    assert describe_protocol(curved_points(board, "toy")).endswith(
        "by hand, for several seeds the widest of theirs plus the spread over seeds."
    )


def test_records_without_curves(board):
    assert curved_points(board, "toy") == ()
    assert curved_metrics(board.records, "toy") == {}


def test_one_answer_has_one_size_and_a_list_its_length(tmp_path):
    board = board_of(
        tmp_path,
        trial("single", curved({BLEU: [0.4]}), kind="single"),
        trial("list", curved(UP), kind="n-best"),
    )
    single, ranked = curved_points(board, "toy")
    assert values(mbr_curve(single, BLEU, BLEU)) == {1: 0.4}
    assert values(mbr_curve(ranked, BLEU, BLEU)) == {4: 0.52}


def test_seeds_are_pooled_with_their_spread(tmp_path):
    board = board_of(
        tmp_path,
        trial("a", curved({BLEU: [0.3, 0.4]})),
        trial("a", curved({BLEU: [0.5, 0.4, 0.9]}), seed=2),
    )
    found = mbr_curve(curved_points(board, "toy")[0], BLEU, BLEU)
    assert values(found) == pytest.approx({1: 0.4, 2: 0.4})
    assert found[2].half_width == pytest.approx(0.01)
    assert found[1].half_width > 0.19


def test_undefined_sizes_are_left_out(tmp_path):
    line = trial("a", curved({BLEU: [0.3, 0.4]}))
    line["score"]["metrics"][BLEU]["mbr_curve"][BLEU]["value"][0] = None
    assert list(mbr_curve(curved_points(board_of(tmp_path, line), "toy")[0], BLEU, BLEU)) == [2]


def test_what_a_budget_buys(tmp_path):
    four = [0.1, 0.2, 0.3, 0.4]
    board = board_of(
        tmp_path,
        costing(trial("slow", curved({BLEU: four})), 3.3),
        costing(trial("fast", curved({BLEU: four})), 1.1),
        trial("uncounted", curved({BLEU: four}), depth=2),
        costing(trial("one", curved({BLEU: four[:1]}), kind="single"), 50.0),
        costing(trial("oracle", curved({BLEU: four}), family="yardstick"), 70.0),
    )
    points = {point.system: point for point in curved_points(board, "toy")}
    assert rows_per_candidate(points["uncounted"]) == 2
    # One draw of the dearest model; a single answer and a yardstick set no price.
    budget = common_budget(board, tuple(points.values()))
    assert budget == 3.3
    bought = {
        name: affordable(board, point, mbr_curve(point, BLEU, BLEU), budget)
        for name, point in points.items()
    }
    # 3 * 1.1 > 3.3 in floating point.
    assert bought == {"slow": 1, "fast": 3, "uncounted": 1, "one": 0, "oracle": 0}
    assert affordable(board, points["fast"], mbr_curve(points["fast"], BLEU, BLEU), 100.0) == 4
    assert affordable(board, points["slow"], mbr_curve(points["slow"], BLEU, BLEU), 3.0) == 0
    assert math.isnan(common_budget(board, (points["one"], points["oracle"])))
    for name in ("one", "oracle"):
        curve = mbr_curve(points[name], BLEU, BLEU)
        assert affordable(board, points[name], curve, 1000.0) == 0


@pytest.mark.parametrize("rows", [0.0, -1.0])
def test_what_costs_nothing_has_no_price(tmp_path, rows):
    board = board_of(tmp_path, costing(trial("free", curved(UP)), rows))
    (point,) = curved_points(board, "toy")
    assert affordable(board, point, mbr_curve(point, BLEU, BLEU), 10.0) == 0
    assert math.isnan(common_budget(board, (point,)))


def test_all_values_in_one_file(tmp_path):
    board = board_of(tmp_path, costing(trial("a", curved(UP)), 2.5), trial("old", bleu(0.5)))
    rows = list(csv.DictReader(io.StringIO(curves_csv(board, "toy"))))
    assert len(rows) == 4 * 3
    row = next(r for r in rows if r["utility"] == "rouge_l" and r["candidates"] == "3")
    assert (row["statistic"], row["rows"], row["value"]) == ("mbr", "7.5", "0.43")
    assert row["score_keys"] == "score-a-main-1"
    bound = [float(r["value"]) for r in rows if r["statistic"] == "oracle"]
    assert bound == pytest.approx([0.5, 0.55, 0.6, 0.62])


def test_no_curves_no_file(board):
    assert curves_csv(board, "toy") == ""
