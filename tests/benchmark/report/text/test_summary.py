from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import BLEU, bleu, interval, metric, trial, write_handmade
from scipy import stats

from benchmark.records.reader import read_records
from benchmark.report.analysis.at_a_glance import make_glance
from benchmark.report.analysis.verdicts import warn_of_seeds
from benchmark.report.build import _render_summary
from benchmark.report.data.points import Board
from benchmark.report.page.page import TaskView
from benchmark.report.tables.frontier_table import build_frontier_table
from benchmark.report.tables.significance_table import build_significance_table
from benchmark.report.tables.table import build_table
from benchmark.report.text.summary import build_overview_table, list_failures, write_sentences


def board_of(tmp_path, trials, values=None) -> Board:
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_sentences_are_computed(tmp_path):
    shifts = {"best": 0.5, "below": 0.2, "copy-source": 0.3}
    trials = [
        trial(name, bleu(v), family="yardstick" if name == "copy-source" else "edit")
        for name, v in shifts.items()
    ]
    values = {f"score-{name}-main-1": [{BLEU: [v, v]}] * 30 for name, v in shifts.items()}
    assert write_sentences(board_of(tmp_path, [*trials, trial("lost", None)], values), "toy") == [
        "On sentence BLEU (bleu_sent_m4), best (0.500 [0.490, 0.510]) is best, significantly better"
        " than below (0.200).",
        "Copying the source scores 0.300 [0.290, 0.310] on sentence BLEU (bleu_sent_m4); not"
        " significantly better: below.",
        "lost did not finish (failed: ValueError: it broke & <fell>).",
    ]


def equal_board(folder, draw, *, seeds, spread=0.017, sources=100):
    """Three systems of one distribution, which seeds move as far as they move BLEU."""
    shared = draw.normal(0.5, 0.05 * math.sqrt(0.5), sources)
    trials, values = [], {}
    for name in "abc":
        own = shared + draw.normal(0, 0.05 * math.sqrt(0.2), sources)
        for seed in range(seeds):
            noise = draw.normal(0, 0.05 * math.sqrt(0.3), sources) + draw.normal(0, spread)
            mean = float((own + noise).mean())
            trials.append(trial(name, bleu(mean), seed=seed))
            values[f"score-{name}-main-{seed}"] = [{BLEU: [v, v]} for v in own + noise]
    return board_of(folder, trials, values)


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "spread"), [(1, 0.0), (3, 0.017)])
def test_sentences_on_equal_systems_are_as_seldom_wrong_as_claimed(tmp_path, seeds, spread):
    draw, boards, wrong = np.random.default_rng([50, seeds]), 80, 0
    for number in range(boards):
        board = equal_board(tmp_path / str(number), draw, seeds=seeds, spread=spread)
        said = " ".join([*write_sentences(board, "toy"), *map(str, make_glance(board, "toy"))])
        said = said.replace("not significantly better than", "")
        wrong += "significantly better than" in said
    assert wrong <= stats.binom.ppf(0.999, boards, 0.05)


def test_one_seed_is_a_network_and_not_a_method(tmp_path):
    draw = np.random.default_rng(51)
    one, three = (equal_board(tmp_path / str(n), draw, seeds=n) for n in (1, 3))
    warning = "One seed: differences are between these trained networks, not between methods."
    assert (warn_of_seeds(one), warn_of_seeds(three)) == (warning, "")
    for board, is_warned in ((one, True), (three, False)):
        view = TaskView(board, "toy", "toy", build_table(board, "toy"), {}, [], [])
        summary = _render_summary(board, [view])
        assert summary.startswith(f"# by-hand\n\n{warning if is_warned else '## At a glance'}\n")
        tables = (build_table, build_frontier_table, build_significance_table)
        assert [warning in build(board, "toy").caption for build in tables] == [is_warned] * 3


def test_a_saturated_task_is_said_to_be_one(tmp_path):
    perfect = {"validity": metric({"expected": interval(1.0, half=0)}, title="validity")}
    trials = [trial("a", perfect), trial("b", perfect)]
    values = {f"score-{name}-main-1": [{"validity": [1.0, 1.0]}] * 40 for name in "ab"}
    (_, said) = write_sentences(board_of(tmp_path, trials, values), "toy")
    assert said == (
        "The task is saturated: on validity every system lies within its interval of the ceiling,"
        " 1.000, so this quality tells none of them apart from a perfect one."
    )


def test_one_model(tmp_path):
    (said,) = write_sentences(board_of(tmp_path, [trial("a", bleu(0.5))]), "toy")
    assert said.endswith("a (0.500 [0.490, 0.510]) is the only model that was measured.")


def test_equal_scores_have_no_best(tmp_path):
    (said,) = write_sentences(board_of(tmp_path, [trial(n, bleu(0.0)) for n in "ab"]), "toy")
    assert said == "On sentence BLEU (bleu_sent_m4), all systems score 0.000."


def test_nothing_went_well(tmp_path):
    assert write_sentences(board_of(tmp_path, [trial("a", None)]), "toy") == [
        "a did not finish (failed: ValueError: it broke & <fell>)."
    ]


def test_failures_of_one_cause_stand_once(tmp_path):
    trials = [trial("a", None, label="one"), trial("a", None, label="two"), trial("b", bleu(0.5))]
    ((failure, settings),) = list_failures(board_of(tmp_path, trials))
    assert (failure.system, settings) == ("a", "one, two")


def test_overview_has_a_column_a_task(tmp_path):
    trials = [
        trial("a", bleu(0.5), task="one"),
        trial("a", bleu(0.25), task="two", label="other"),
        trial("b", bleu(0.1), task="two"),
    ]
    table = build_overview_table(board_of(tmp_path, trials))
    assert (table.task, table.name) == ("all", "overview")
    assert [column.head for column in table.columns] == ["One", "Two"]
    a, b = table.rows
    assert a.entries["two"].interval.value == pytest.approx(0.25)
    assert a.entries["two"].keys == ("score-a-other-1",)
    assert b.entries["one"].dash == "not run"
