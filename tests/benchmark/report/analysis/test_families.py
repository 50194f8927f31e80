"""Two systems over tasks: known differences, their variance, and settings chosen on valid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import BLEU, bleu, trial, with_valid, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.families import (
    average,
    comparable_tasks,
    compare,
    find_duel,
    mean_difference,
    price,
    rank_families,
)
from benchmark.report.data.points import Board

FAMILIES = {"cont": "continuous diffusion", "disc": "discrete diffusion", "ar": "autoregressive"}


def board_of(tmp_path, values) -> Board:
    """`values` maps task, system and seed to the quality of every source."""
    trials, kept = [], {}
    for (task, system, seed), of in values.items():
        label = f"main-{task}"
        trials.append(
            trial(
                system, bleu(float(np.mean(of))), task=task, seed=seed, label=label,
                family=FAMILIES.get(system, "edit"),
            )
        )  # fmt: skip
        kept[f"score-{system}-{label}-{seed}"] = [{BLEU: [v, v]} for v in of]
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=kept)))


def constant(tmp_path, qualities, sources=20):
    return board_of(tmp_path, {(task, s, 1): [q] * sources for (task, s), q in qualities.items()})


QUALITIES = {
    ("one", "cont"): 0.5, ("one", "disc"): 0.7, ("one", "ar"): 0.6, ("one", "other"): 0.9,
    ("two", "cont"): 0.8, ("two", "disc"): 0.2, ("two", "ar"): 0.5, ("two", "other"): 0.1,
}  # fmt: skip


def test_each_family_has_its_best_on_a_task_and_one_on_average(tmp_path):
    board = constant(tmp_path, QUALITIES)
    assert [p.system for p in rank_families(board, "one").values()] == [
        "other",
        "disc",
        "ar",
        "cont",
    ]
    assert average(board, ("one", "two")) == pytest.approx(
        {"cont": 0.65, "ar": 0.55, "other": 0.5, "disc": 0.45}
    )
    duels = [find_duel(board, task) for task in ("one", "two")]
    assert [(d.one.system, d.other.system) for d in duels] == [("disc", "ar"), ("cont", "ar")]
    assert [d.difference.value for d in duels] == pytest.approx([0.1, 0.3])
    assert all(d.is_better and not d.is_worse for d in duels)
    turned = compare(board, "one", "ar", "disc")
    assert turned.is_worse and turned.difference.value == pytest.approx(-0.1)


def test_the_mean_difference_is_that_of_the_tasks_whoever_else_takes_part(tmp_path):
    assert comparable_tasks(constant(tmp_path / "a", QUALITIES)) == ("one", "two")
    two = {k: v for k, v in QUALITIES.items() if k[1] in ("cont", "ar")}
    found = [
        mean_difference(constant(tmp_path / name, of), ("one", "two"), "cont", "ar")
        for name, of in (("all", QUALITIES), ("two", two))
    ]
    assert found[0] == found[1]
    # (-.1 + .3) / 2, and no source differs from another.
    assert [found[0].value, found[0].low, found[0].high] == pytest.approx([0.1] * 3)


@pytest.mark.parametrize("seeds", [1, 3])
def test_its_interval_is_that_of_independent_tasks(tmp_path, seeds):
    draw, values, sources = np.random.default_rng(3), {}, 400
    for task in ("one", "two"):
        for system, mean in (("cont", 0.5), ("ar", 0.4)):
            for seed in range(seeds):
                values[task, system, seed] = mean + draw.normal(0, 0.05, sources)
    found = mean_difference(board_of(tmp_path, values), ("one", "two"), "cont", "ar")
    assert found.value == pytest.approx(0.1, abs=0.01)
    # Variances of means over sources add up, over systems and tasks; half of each difference.
    error = math.sqrt(4 * 0.05**2 / sources / seeds) / 2
    if seeds == 1:
        assert found.half_width == pytest.approx(1.96 * error, rel=0.15)
    else:
        assert found.half_width >= 1.9 * error, "the spread over seeds is added"


def test_no_values_no_interval(tmp_path):
    trials = [
        trial(s, bleu(0.5), task=t, label=f"main-{t}", family=FAMILIES[s])
        for s in ("cont", "ar")
        for t in ("one", "two")
    ]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    found = mean_difference(board, ("one", "two"), "cont", "ar")
    assert (found.value, found.bounded) == (0.0, False)
    assert find_duel(board, "one").significant is None


def test_prices_are_chosen_on_the_valid_split(tmp_path):
    """On test every setting has another quality: only valid decides."""
    settings = {1: (0.2, 0.9, 0.001), 5: (0.6, 0.3, 0.005), 20: (0.7, 0.4, 0.02)}
    trials, values = [], {}
    for steps, (valid, test, seconds) in settings.items():
        roles = ("main", "nfe") if steps == 20 else ("nfe",)
        label = f"steps={steps}"
        line = trial("cont", bleu(test), family=FAMILIES["cont"], label=label, roles=roles,
                     depth=steps, decoding={"steps": steps})  # fmt: skip
        trials.append(with_valid(line, valid, seconds))
        values[f"score-cont-{label}-1"] = [{BLEU: [test, test]}] * 20
    trials.append(with_valid(trial("ar", bleu(0.5)), 0.55, 0.002))
    values["score-ar-main-1"] = [{BLEU: [0.5, 0.5]}] * 20
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    found = price(board, find_duel(board, "toy"))
    assert (found.reach.label, found.within.label) == ("steps=5", "steps=1")


def test_without_a_valid_part_there_is_no_price(tmp_path):
    lines = [trial("cont", bleu(0.5), family=FAMILIES["cont"]), trial("ar", bleu(0.5))]
    board = Board(
        read_records(write_handmade(tmp_path / "x", [x | {"valid": None} for x in lines]))
    )
    assert price(board, find_duel(board, "toy")) is None
