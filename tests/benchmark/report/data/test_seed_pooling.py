from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import BLEU, bleu, metric, trial, write_handmade
from scipy import stats

from benchmark.metrics import METRICS
from benchmark.metrics.bleu_corpus import bleu_from_statistics
from benchmark.records.reader import read_records
from benchmark.records.schema import Interval
from benchmark.report.data.points import Board
from benchmark.report.data.seed_pooling import SHARES, pool_cautiously
from benchmark.scoring.bootstrap import UNBOUNDED
from benchmark.scoring.shares import share_ends

VALUES = {
    "score-a-main-1": [{BLEU: [0.2, 0.4]}, {BLEU: [0.6, 1.0]}],
    "score-a-main-2": [{BLEU: [0.0, 0.4]}, {BLEU: [0.4, 0.6]}],
}


def main_point(tmp_path, metrics, values):
    trials = [trial("a", one, seed=seed) for seed, one in enumerate(metrics, start=1)]
    folder = write_handmade(tmp_path / "toy", trials, values=values)
    return Board(read_records(folder)).main("toy", "a")


def test_one_seed_keeps_the_stored_interval(tmp_path):
    point = main_point(tmp_path, [bleu(0.5)], None)
    assert point.measure(BLEU).low == pytest.approx(0.49)


def test_a_share_of_yes_has_an_interval_at_the_ceiling(tmp_path):
    metrics = {
        name: metric({"expected": {"value": 1.0, "low": 1.0, "high": 1.0}}, title=name)
        for name in ("validity", BLEU)
    }
    rows = [{"validity": [1.0] * 8, BLEU: [1.0] * 8}] * 100
    point = main_point(tmp_path / "1", [metrics], {"score-a-main-1": rows})
    found = point.measure("validity")
    assert (found.low, found.high) == share_ends(np.ones(100), 8, 0.95)
    # What is no answer of yes or no keeps the bootstrap of its record.
    assert point.measure(BLEU).low == 1
    both = {f"score-a-main-{seed}": rows for seed in (1, 2)}
    point = main_point(tmp_path / "2", [metrics] * 2, both)
    assert point.measure("validity").low == pytest.approx(found.low, abs=1e-3)
    assert set(SHARES) <= set(METRICS)


def test_seeds_are_pooled_from_the_values(tmp_path):
    point = main_point(tmp_path, [bleu(0.55), bleu(0.35)], VALUES)
    assert point.seeds == (1, 2)
    # Means of sources: (.3, .8) and (.2, .5).
    assert point.measure(BLEU).value == pytest.approx(0.45)
    # The candidate with index 1 is the one that MBR took.
    assert point.measure(BLEU, "mbr").value == pytest.approx((0.4 + 1.0 + 0.4 + 0.6) / 4)
    assert point.measure(BLEU, "oracle").value == pytest.approx((0.4 + 1.0 + 0.4 + 0.6) / 4)
    # Sources: the resamples reach from .25 to .65. Seeds: .55 and .35.
    over_sources, over_seeds = (0.2 / stats.norm.ppf(0.975)) ** 2, 0.01
    variance = over_sources + over_seeds
    reach = stats.t.ppf(0.975, variance**2 / over_seeds**2) * math.sqrt(variance)
    assert point.measure(BLEU).low == pytest.approx(0.45 - reach)
    assert point.measure(BLEU).high == pytest.approx(0.45 + reach)
    assert point.keys("score") == ("score-a-main-1", "score-a-main-2")


def test_corpus_scores_are_pooled_exactly(tmp_path):
    rng = np.random.default_rng(0)
    tables = [rng.integers(1, 9, (2, 2, 10)).tolist() for _ in range(2)]
    values = {
        f"score-a-main-{seed}": [{"bleu_corpus": row} for row in table]
        for seed, table in enumerate(tables, start=1)
    }
    stored = {
        "bleu_corpus": metric(
            {"expected": {"value": 1, "low": 0, "high": 2}}, title="BLEU (corpus)", level="corpus"
        )
    }
    point = main_point(tmp_path, [stored, stored], values)
    by_hand = [
        float(bleu_from_statistics(np.array(table, float)[:, k].sum(axis=0)))
        for table in tables
        for k in range(2)
    ]
    assert point.measure("bleu_corpus").value == pytest.approx(np.mean(by_hand))


def test_metric_that_one_seed_lacks_is_pooled_over_the_others(tmp_path):
    both, one = bleu(0.55), bleu(0.35) | {"rouge_l": bleu(0.2)[BLEU]}
    values = {key: [dict(row) for row in rows] for key, rows in VALUES.items()}
    for row, value in zip(values["score-a-main-2"], (0.1, 0.5), strict=True):
        row["rouge_l"] = [value, value]
    found = main_point(tmp_path, [both, one], values).measure("rouge_l")
    assert (found.value, found.low, found.high) == (pytest.approx(0.3), 0.1, 0.5)


def test_values_that_do_not_tell_fall_back_on_caution(tmp_path):
    point = main_point(tmp_path, [bleu(0.5), bleu(0.3)], None)
    assert point.measure(BLEU).value == pytest.approx(0.4)
    assert point.measure(BLEU).high > 0.5


def test_caution_adds_the_spread_to_the_widest_interval():
    same = [Interval(value=0.5, low=0.4, high=0.7), Interval(value=0.5, low=0.45, high=0.6)]
    assert pool_cautiously(same, (0, 1), 0.95).low == pytest.approx(0.4)
    assert pool_cautiously(same, (0, 1), 0.95).high == pytest.approx(0.7)
    apart = [Interval(value=0.0, low=0.0, high=0.0), Interval(value=1.0, low=1.0, high=1.0)]
    for level in (0.95, 0.8):
        student = stats.t.interval(level, 1, loc=0.5, scale=stats.sem([0.0, 1.0]))
        found = pool_cautiously(apart, UNBOUNDED, level)
        assert (found.low, found.high) == pytest.approx(student)
    cut = pool_cautiously(apart, (0, 1), 0.95)
    assert (cut.low, cut.high) == (0, 1)
    assert not pool_cautiously([same[0], Interval(value=math.nan)], UNBOUNDED, 0.95).defined
