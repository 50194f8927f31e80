from __future__ import annotations

import pytest
import torch

from diffuseq import readout as readout_module
from diffuseq.readout import Readout


@pytest.fixture
def readout() -> Readout:
    torch.manual_seed(0)
    made = Readout(vocab_size=37, dim=5)
    with torch.no_grad():
        made.bias.normal_()
    return made


@pytest.mark.parametrize("block", [2**25, 37, 100])
def test_rounding_is_the_brute_force_nearest_embedding(
    readout: Readout, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readout_module, "_BLOCK_ELEMENTS", block)
    z = 2.0 * torch.randn(3, 11, 5, generator=torch.Generator().manual_seed(1))
    squared = (z[:, :, None, :] - readout.weight).square().sum(-1)  # (B, L, V)
    expected = squared.argmin(-1)
    assert torch.equal(readout.nearest(z), expected)
    assert torch.equal(readout.clamp(z), readout.weight[expected])
    assert torch.equal(readout.most_likely(z), readout.logits(z).argmax(-1))


def test_embeddings_round_to_themselves(readout: Readout) -> None:
    ids = torch.arange(37)[None]
    z = readout.embed(ids)
    assert torch.equal(readout.nearest(z), ids)
    assert torch.equal(readout.clamp(z), z)


def test_logits_are_tied_to_the_embedding(readout: Readout) -> None:
    z = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    expected = torch.einsum("bld,vd->blv", z, readout.weight) + readout.bias
    torch.testing.assert_close(readout.logits(z), expected)
    assert {name for name, _ in readout.named_parameters()} == {"weight", "bias"}


@pytest.mark.parametrize("block", [2**25, 37, 100])
def test_nll_is_the_cross_entropy_whatever_the_block(
    readout: Readout, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = torch.randn(3, 11, 5, generator=torch.Generator().manual_seed(1), requires_grad=True)
    ids = torch.arange(33).view(3, 11)
    expected = -readout.logits(z).log_softmax(-1).gather(-1, ids[..., None]).squeeze(-1)
    weight = torch.linspace(-1, 1, 33).view(3, 11)
    wanted = [z, readout.weight, readout.bias]
    by_hand = torch.autograd.grad((weight * expected).sum(), wanted)
    monkeypatch.setattr(readout_module, "_BLOCK_ELEMENTS", block)
    found = readout.nll(z, ids)
    torch.testing.assert_close(found, expected)
    for got, want in zip(torch.autograd.grad((weight * found).sum(), wanted), by_hand, strict=True):
        torch.testing.assert_close(got, want)
