from __future__ import annotations

import pytest
from handmade import BLEU, bleu, trial, with_valid, write_handmade

from benchmark.records.reader import read_records
from benchmark.records.schema import Interval
from benchmark.report.analysis.at_a_glance import (
    HEADS,
    QUESTIONS,
    answer_questions,
    explain_glance,
    make_glance,
    total_glance,
    write_difference,
)
from benchmark.report.data.columns import MINUS
from benchmark.report.data.points import Board
from benchmark.report.text.summary import write_sentences

FAMILIES = {"cont": "continuous diffusion", "ar": "autoregressive", "nat": "iterative",
            "copy-source": "yardstick"}  # fmt: skip
SECONDS = {"cont": 0.02, "ar": 0.002, "nat": 0.001, "copy-source": 0.0}


def board_of(tmp_path, qualities, *, valid=False, kinds=None) -> Board:
    """`qualities` maps task and system to the quality of every source."""
    trials, values = [], {}
    for (task, system), quality in qualities.items():
        label = f"main-{task}"
        line = trial(
            system, bleu(quality), task=task, label=label, family=FAMILIES[system],
            depth=20 if system == "cont" else 10, kind=(kinds or {}).get(system, "samples"),
        )  # fmt: skip
        line["cost"]["seconds_per_candidate"] = SECONDS[system]
        line["valid"] = None
        trials.append(with_valid(line, quality, SECONDS[system] or 1e-6) if valid else line)
        values[f"score-{system}-{label}-1"] = [{BLEU: [quality, quality]}] * 30
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


TWO = {
    ("one", "cont"): 0.8, ("one", "ar"): 0.6, ("one", "nat"): 0.5, ("one", "copy-source"): 0.7,
    ("two", "cont"): 0.4, ("two", "ar"): 0.5, ("two", "nat"): 0.9, ("two", "copy-source"): 0.1,
}  # fmt: skip


def test_four_questions_over_tasks(tmp_path):
    best, rivals, cost, copy = answer_questions(board_of(tmp_path, TWO))
    assert str(best) == (
        "nat (iterative, sentence BLEU 0.700, mean over 2 tasks; then cont 0.600, ar 0.550; on 1 of"
        " 2 tasks significantly better than all others)"
    )
    assert str(rivals) == (
        f"On 1 of 2 tasks (cont {MINUS} ar: +0.050 [+0.050, +0.050]; significantly better on 1 and"
        " worse on 1 of 2 tasks)"
    )
    assert str(cost) == "10 times the time of ar (cont 20 ms and 20 calls; ar 2 ms and 10 calls)"
    assert str(copy) == (
        "Not shown everywhere (significantly better than copying: cont on 2, ar on 1 of 2 tasks;"
        " the copy is significantly better than 2 of 3 systems on some task)"
    )
    assert len(QUESTIONS) == 4


def test_a_line_for_each_task_and_one_for_all(tmp_path):
    board = board_of(tmp_path, TWO)
    families, rivals, cost, copy = make_glance(board, "one")
    assert str(families) == (
        "cont 0.800 (continuous diffusion) (ar 0.600 (autoregressive); nat 0.500 (iterative))"
    )
    assert str(rivals) == (
        "+0.200 [+0.200, +0.200], significantly better than ar (cont 0.800, ar 0.600)"
    )
    assert str(cost) == "10 times the time of ar (cont 20 ms and 20 calls; ar 2 ms and 10 calls)"
    assert str(copy) == (
        "Shown of cont alone (a copy has 0.700; significantly better: cont; the copy is"
        " significantly better than 2 of 3 systems)"
    )
    assert "significantly worse (" in str(make_glance(board, "two")[1])
    total = total_glance(board)
    assert len(total) == len(HEADS) - 1 and "cont 0.600, ar 0.550" in str(total[1])
    assert "no valid part" in explain_glance(board)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [((0.2, 0.1), "Yes"), ((-0.2, -0.1), "No"), ((0.0, 0.0), "No difference shown")],
)
def test_does_diffusion_beat_autoregression(tmp_path, gaps, said):
    qualities = {}
    for task, gap in zip(("one", "two"), gaps, strict=True):
        qualities |= {(task, "cont"): 0.5 + gap, (task, "ar"): 0.5}
    assert answer_questions(board_of(tmp_path, qualities))[1].said == said


def test_costs_at_equal_quality_and_equal_time(tmp_path):
    one = {key: value for key, value in TWO.items() if key[0] == "one"}
    board = board_of(tmp_path, one, valid=True)
    told = str(make_glance(board, "one")[2])
    reach, within = told.removesuffix(")").split("; ")[-2:]
    assert reach == "cont is as good on valid from 20 ms and 20 calls on, with 0.800 on test"
    assert within == "none is as fast as ar"
    assert "chosen on the valid split" in explain_glance(board)
    assert total_glance(board) == (), "one task is no average"
    worse = one | {("one", "cont"): 0.3}
    told = str(make_glance(board_of(tmp_path / "w", worse, valid=True), "one")[2])
    assert "no setting of cont is as good" in told


def test_one_family_alone(tmp_path):
    board = board_of(tmp_path, {("one", "nat"): 0.5}, kinds={"nat": "single"})
    answers = list(map(str, answer_questions(board)))
    assert answers == [
        "nat (iterative, not drawn, 0.500, the only one)",
        "not compared (no diffusion and no autoregressive system took part)",
        "1 ms and 10 calls",
        "no copy-source row",
    ]


def test_a_copy_that_beats_all_is_told(tmp_path):
    board = board_of(tmp_path, {of: q for of, q in TWO.items() if of[0] == "one"} | {
        ("one", "cont"): 0.65,
    })  # fmt: skip
    for answer in (make_glance(board, "one")[3], answer_questions(board)[3]):
        assert str(answer) == (
            "No (a copy has 0.700; significantly better: none; the copy is significantly better"
            " than all 3 systems)"
        )


def test_who_lacks_a_task_is_named(tmp_path, monkeypatch):
    without = {of: quality for of, quality in TWO.items() if of != ("two", "ar")}
    assert answer_questions(board_of(tmp_path / "a", without))[1].terms == (
        "no autoregressive system took part in all tasks"
    )
    other = {("one", "ar2"): 0.9}
    for of in (FAMILIES, SECONDS):
        monkeypatch.setitem(of, "ar2", of["ar"])
    assert answer_questions(board_of(tmp_path / "b", TWO | other))[1].terms.endswith(
        "; without ar2, not on every task"
    )


def test_nothing_measured(tmp_path):
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", None)])))
    assert {str(answer) for answer in make_glance(board, "toy")} == {"no quality was measured"}
    assert {answer.said for answer in answer_questions(board)} == {"not known"}


def test_yardsticks_alone_are_no_failure(tmp_path):
    board = board_of(tmp_path, {("one", "copy-source"): 0.5})
    (task,) = board.records.tasks
    assert {str(answer) for answer in make_glance(board, task)} == {"no model took part"}
    assert {str(answer) for answer in answer_questions(board)} == {
        "no model took part (the rows are yardsticks)"
    }
    assert write_sentences(board, task)[0] == (
        "No model was measured: the rows are yardsticks, to compare models with."
    )


def test_signs():
    gap = Interval(value=-0.0101, low=-0.02, high=0.0001)
    assert write_difference(gap) == f"{MINUS}0.010 [{MINUS}0.020, 0.000]"
