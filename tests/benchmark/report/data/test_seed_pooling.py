from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import BLEU, bleu, cell, metric, write_handmade

from benchmark.metrics.bleu_corpus import bleu_from_statistics
from benchmark.records.reader import read_records
from benchmark.records.schema import Interval
from benchmark.report.data.points import Board
from benchmark.report.data.seed_pooling import cautious

VALUES = {
    "score-a-main-1": [{BLEU: [0.2, 0.4]}, {BLEU: [0.6, 1.0]}],
    "score-a-main-2": [{BLEU: [0.0, 0.4]}, {BLEU: [0.4, 0.6]}],
}


def main_point(tmp_path, metrics, values):
    cells = [cell("a", one, seed=seed) for seed, one in enumerate(metrics, start=1)]
    folder = write_handmade(tmp_path / "toy", cells, values=values)
    return Board(read_records(folder)).main("toy", "a")


def test_one_seed_keeps_the_stored_interval(tmp_path):
    point = main_point(tmp_path, [bleu(0.5)], None)
    assert point.measure(BLEU).low == pytest.approx(0.49)


def test_seeds_are_pooled_from_the_values(tmp_path):
    point = main_point(tmp_path, [bleu(0.55), bleu(0.35)], VALUES)
    assert point.seeds == (1, 2)
    # Means of sources: (.3, .8) and (.2, .5).
    assert point.measure(BLEU).value == pytest.approx(0.45)
    # The candidate with index 1 is the one that MBR took.
    assert point.measure(BLEU, "mbr").value == pytest.approx((0.4 + 1.0 + 0.4 + 0.6) / 4)
    assert point.measure(BLEU, "oracle").value == pytest.approx((0.4 + 1.0 + 0.4 + 0.6) / 4)
    # Each end is a resample of seeds and sources: the least and the largest of them.
    assert point.measure(BLEU).low == pytest.approx(0.2)
    assert point.measure(BLEU).high == pytest.approx(0.8)
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


def test_values_that_do_not_tell_fall_back_on_caution(tmp_path):
    point = main_point(tmp_path, [bleu(0.5), bleu(0.3)], None)
    assert point.measure(BLEU).value == pytest.approx(0.4)
    assert point.measure(BLEU).high > 0.5


def test_caution_adds_the_spread_to_the_widest_interval():
    same = [Interval(value=0.5, low=0.4, high=0.7), Interval(value=0.5, low=0.45, high=0.6)]
    assert cautious(same).low == pytest.approx(0.4)
    assert cautious(same).high == pytest.approx(0.7)
    apart = [Interval(value=0.0, low=0.0, high=0.0), Interval(value=1.0, low=1.0, high=1.0)]
    half = 1.959963984540054 * math.sqrt(0.5) / math.sqrt(2)
    assert cautious(apart).half_width == pytest.approx(half)
    assert not cautious([Interval(value=math.nan)]).defined
