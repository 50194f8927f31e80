"""How much of a target remains, and which of its tokens."""

import torch

from baselines.edit.operations import State
from baselines.edit.rollin import random_kept

TARGET = State(torch.arange(12).reshape(2, 6), torch.tensor([6, 4]))


def test_the_share_gives_the_number():
    shares = torch.tensor([0.0, 0.2, 0.4, 0.6, 0.8, 1 - 1e-12], dtype=torch.float64)
    rows = State(TARGET.tokens[:1].expand(6, -1), torch.full((6,), 6))
    u = torch.rand(6, 6, dtype=torch.float64)
    kept = random_kept(rows, shares, u)
    assert (kept & rows.interior).sum(1).tolist() == [0, 1, 2, 3, 4, 4]


def test_marks_always_remain_and_padding_never_does():
    kept = random_kept(TARGET, torch.zeros(2, dtype=torch.float64), torch.rand(2, 6).double())
    assert kept.tolist() == [
        [True, False, False, False, False, True],
        [True, False, False, True, False, False],
    ]


def test_the_smallest_uniforms_remain():
    u = torch.tensor([[0.0, 0.9, 0.1, 0.5, 0.2, 0.0]] * 2, dtype=torch.float64)
    kept = random_kept(TARGET, torch.full((2,), 0.5, dtype=torch.float64), u)
    assert kept[0].tolist() == [True, False, True, False, True, True]
    assert kept[1].tolist() == [True, False, True, True, False, False]
