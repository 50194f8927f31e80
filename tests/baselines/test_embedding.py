import math

import pytest
import torch

from baselines.embedding import PositionEmbedding, TimeEmbedding, TokenEmbedding, sinusoids
from benchmark.api import UserError


def test_tokens_and_logits_share_one_table():
    table = TokenEmbedding(5, 16)
    vectors = table(torch.arange(5))
    torch.testing.assert_close(vectors, table.weight * 4.0)
    torch.testing.assert_close(table.logits(vectors), 4.0 * table.weight @ table.weight.T)


def test_sinusoids_by_their_definition():
    got = sinusoids(torch.tensor([3.0]), 4)[0]
    expected = [math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03)]
    assert got.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["learned", "sinusoidal"])
def test_positions_start_where_they_are_told(kind):
    positions = PositionEmbedding(6, 4, kind)
    torch.testing.assert_close(positions(2, 3), positions(0, 6)[2:5])


def test_unknown_kind_is_told():
    with pytest.raises(UserError, match="rotary"):
        PositionEmbedding(6, 4, "rotary")


def test_times_are_told_apart():
    embed = TimeEmbedding(8)
    early, late = embed(torch.tensor([0.1, 0.9], dtype=torch.float64))
    assert early.shape == (8,) and not torch.allclose(early, late, atol=1e-3)
