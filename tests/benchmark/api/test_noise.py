from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from benchmark.api import make_noise
from benchmark.api.noise import CounterNoise, row_seed, seed_torch


def test_row_seed_is_the_same_on_every_machine():
    assert row_seed(1, "a", 0) == row_seed(1, "a", 0)
    assert len({row_seed(s, i, k) for s in (1, 2) for i in "ab" for k in range(3)}) == 12
    assert 0 <= row_seed(-5, "ä", 10**6) < 2**63
    assert row_seed(1, "paraphrase-test-0", 0) == 2241617128582502412


def test_rows_do_not_depend_on_each_other():
    together = make_noise(3, ["a", "b"], 4).normal((5, 2), step=9, stream="x")
    for row, (name, k) in enumerate((n, k) for n in "ab" for k in range(4)):
        alone = make_noise(3, [name], k + 1).normal((5, 2), step=9, stream="x")[k]
        assert torch.equal(together[row], alone)


@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_a_longer_canvas_keeps_the_first_positions(draw):
    noise = make_noise(3, ["a"], 2)
    short, long = (getattr(noise, draw)((length, 3), step=1) for length in (5, 9))
    assert torch.equal(short, long[:, :5])


def test_steps_streams_and_seeds_are_kept_apart():
    draws = [
        make_noise(seed, ["a"]).uniform((4,), step=step, stream=stream)
        for seed in (1, 2)
        for step in (0, 1)
        for stream in ("", "t")
    ]
    assert len({tuple(d.flatten().tolist()) for d in draws}) == len(draws)


def test_select_is_a_view_on_rows():
    noise = CounterNoise.keyed(1, ["a", "b", "c"], 2, "cpu")
    rows = torch.tensor([4, 1])
    chosen = noise.select(rows)
    assert chosen.seeds == (noise.seeds[4], noise.seeds[1])
    assert torch.equal(chosen.normal((3,)), noise.normal((3,))[rows])


def test_distributions():
    # The numbers are fixed by their keys, so these are known answers and no coin is tossed.
    noise = make_noise(11, [str(i) for i in range(64)])
    normal, uniform = noise.normal((1024,)).double(), noise.uniform((1024,))
    assert normal.dtype == torch.float64 and uniform.dtype == torch.float64
    assert stats.kstest(normal.flatten().numpy(), "norm").pvalue > 0.01
    assert stats.kstest(uniform.flatten().numpy(), "uniform").pvalue > 0.01
    assert float(uniform.min()) >= 0 and float(uniform.max()) < 1
    neighbours = torch.corrcoef(torch.stack((normal[:-1].flatten(), normal[1:].flatten())))[0, 1]
    assert abs(float(neighbours)) < 4 / math.sqrt(63 * 1024)


def test_empty_and_scalar_shapes():
    noise = make_noise(1, ["a", "b"])
    assert noise.uniform(()).shape == (2,)
    assert noise.normal((0, 3)).shape == (2, 0, 3)
    assert make_noise(1, []).normal((4,)).shape == (0, 4)


def test_torch_is_seeded_as_by_its_own_function():
    torch.manual_seed(2**62 + 11)
    expected = torch.rand(7)
    queued = len(torch.cuda._queued_calls)
    seed_torch(2**62 + 11)
    assert torch.equal(torch.rand(7), expected)
    assert len(torch.cuda._queued_calls) == queued
