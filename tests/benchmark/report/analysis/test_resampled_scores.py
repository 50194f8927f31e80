from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from handmade import BLEU, bleu, self_bleu, trial, write_handmade
from matplotlib.figure import Figure

from benchmark.records.reader import read_records
from benchmark.report.analysis.resampled_scores import resample_points, task_draws
from benchmark.report.analysis.standings import compute_standings
from benchmark.report.data.axes import planes
from benchmark.report.data.points import Board
from benchmark.report.figures.confidence_bands import draw_band
from benchmark.report.figures.marks import Marks


def board_of(tmp_path, values, *, level=0.95):
    trials = [trial(name, bleu(0.5) | self_bleu(0.25)) for name in values]
    for line in trials:
        line["score"]["interval"]["level"] = level
    rows = {f"score-{name}-main-1": of for name, of in values.items()}
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=rows)))


def test_points_of_a_board(tmp_path):
    rows = [{BLEU: [0.0, 1.0], "self_bleu": 0.25}, {BLEU: [1.0, 0.0], "self_bleu": 0.25}]
    board = board_of(tmp_path, {"a": rows, "b": [{}, {}]})
    ((diversity, quality),) = planes(board, "toy")
    draws = resample_points(board, board.points, (diversity, quality))
    known, unknown = board.points
    assert draws.of(known, diversity).tolist() == [0.75] * 201
    assert draws.of(known, quality).tolist() == [0.5] * 201
    assert draws.of(unknown, quality)[0] == 0.5
    assert np.isnan(draws.of(unknown, quality)[1:]).all()


def test_other_sources_are_left_out(tmp_path):
    row = {BLEU: [0.0, 1.0], "self_bleu": 0.25}
    board = board_of(tmp_path, {"a": [row] * 2, "b": [row] * 3})
    ((_, quality),) = planes(board, "toy")
    draws = resample_points(board, board.points, (quality,))
    assert [point.system for point, _ in draws.parts] == ["a"]


def test_the_level_is_that_of_the_run(tmp_path):
    row = {BLEU: [0.0, 1.0], "self_bleu": 0.25}
    board = board_of(tmp_path, {"a": [row] * 2}, level=0.8)
    assert resample_points(board, board.points, planes(board, "toy")[0]).recipe.level == 0.8
    assert task_draws(board, "toy").recipe.level == 0.8


def two_seeds(tmp_path, first, second):
    """A system of two seeds with the same two settings, by the quality of each source."""
    trials, values = [], {}
    for label, roles, knob in (("main", ["main", "sweep"], 0), ("hot", ["sweep"], 1)):
        for seed, qualities in ((1, first), (2, second)):
            line = trial("a", bleu(0.5) | self_bleu(0.25), seed=seed, label=label, roles=roles,
                        knob_value=knob)  # fmt: skip
            trials.append(line)
            values[line["keys"]["score"]] = [
                {BLEU: [q * (1 - knob / 2)] * 2, "self_bleu": 0.75 - knob / 4} for q in qualities
            ]
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_one_value_has_one_interval(tmp_path):
    rng = np.random.default_rng(5)
    board = two_seeds(tmp_path, rng.beta(2, 3, 40), rng.beta(2.2, 3, 40))
    main = board.main("toy", "a")
    quality = planes(board, "toy")[0][1]
    draws = task_draws(board, "toy")
    expected = pytest.approx((quality.read(main).low, quality.read(main).high), rel=1e-9)
    of_curve = draws.at({main: 1.0}, quality)
    assert (of_curve.low, of_curve.high) == expected
    within_calls = compute_standings(board, "toy").value("depth", "a")
    assert (within_calls.low, within_calls.high) == expected
    ax = Figure().add_subplot()
    points = board.sweeps("toy", "a")[0]
    interval = partial(draws.at, axis=quality)
    assert draw_band(ax, [0.25, 0.5], points, "#000000", Marks(), interval=interval)
    at_main = sorted(y for x, y in ax.patches[0].get_xy() if x == 0.25)
    assert (at_main[0], at_main[-1]) == expected


def test_no_share_has_an_interval_below_0(tmp_path):
    board = two_seeds(tmp_path, [0.0] * 20, [0.3] * 20)
    quality = planes(board, "toy")[0][1]
    measured = quality.read(board.main("toy", "a"))
    assert (measured.value, measured.low, measured.high) == (pytest.approx(0.15), 0, 1)
    found = compute_standings(board, "toy")
    columns = {column for column, _ in found.values}
    assert columns == {"area", "common", "depth", "seconds_per_candidate"}
    assert all(v.low == 0 and v.value < v.high <= 1 for v in found.values.values())
    diversity = planes(board, "toy")[0][0]
    assert diversity.bounds(board, "toy") == (0, 1)


def test_a_place_is_a_mixture_source_by_source(tmp_path):
    rng = np.random.default_rng(9)
    board = two_seeds(tmp_path, rng.beta(2, 3, 40), rng.beta(2.2, 3, 40))
    quality, draws = planes(board, "toy")[0][1], task_draws(board, "toy")
    main, hot = board.sweeps("toy", "a")[0]
    mixed = draws.mix({main: 0.25, hot: 0.75}, quality)
    assert list(mixed) == [1, 2]
    for seed, part in mixed.items():
        parts = [draws.parts[point, quality][seed].contributions for point in (main, hot)]
        np.testing.assert_allclose(part.contributions, 0.25 * parts[0] + 0.75 * parts[1])
    values = [quality.read(point).value for point in (main, hot)]
    found = draws.at({main: 0.25, hot: 0.75}, quality)
    assert found.value == pytest.approx(0.25 * values[0] + 0.75 * values[1], rel=1e-9)
    assert found.low < found.value < found.high
