from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from diffuseq.denoiser import Denoiser, sinusoidal


def make(dropout: float = 0.0, layers: int = 2) -> Denoiser:
    torch.manual_seed(0)
    return Denoiser(
        dim=6,
        width=16,
        layers=layers,
        heads=4,
        ffn=32,
        time_dim=8,
        canvas=10,
        diffusion_steps=200,
        dropout=dropout,
    )


def test_time_code_is_known() -> None:
    code = sinusoidal(torch.tensor([0.0, 2.0]), 4)
    low = 2.0 * 1e4**-0.5
    expected = [
        [1.0, 1.0, 0.0, 0.0],
        [math.cos(2.0), math.cos(low), math.sin(2.0), math.sin(low)],
    ]
    torch.testing.assert_close(code, torch.tensor(expected))


def test_the_clock_runs_from_0_to_1000_whatever_the_number_of_steps() -> None:
    network = make().eval()
    seen: list[torch.Tensor] = []
    network.time.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.zeros(2, 3, 6), torch.tensor([1, 101]))
    torch.testing.assert_close(seen[0], sinusoidal(torch.tensor([0.0, 500.0]), 8))


def test_a_block_is_the_post_norm_encoder_layer_of_torch() -> None:
    """With the same weights the block equals an independent implementation."""
    block = make().eval().blocks[0]
    oracle = torch.nn.TransformerEncoderLayer(
        16, 4, 32, 0.0, functional.gelu, layer_norm_eps=1e-12, batch_first=True
    ).eval()
    state = block.state_dict()
    names = {
        "query_key_value.weight": "self_attn.in_proj_weight",
        "query_key_value.bias": "self_attn.in_proj_bias",
        "attention_out.weight": "self_attn.out_proj.weight",
        "attention_out.bias": "self_attn.out_proj.bias",
        "ffn_in.weight": "linear1.weight",
        "ffn_in.bias": "linear1.bias",
        "ffn_out.weight": "linear2.weight",
        "ffn_out.bias": "linear2.bias",
        "attention_norm.weight": "norm1.weight",
        "attention_norm.bias": "norm1.bias",
        "ffn_norm.weight": "norm2.weight",
        "ffn_norm.bias": "norm2.bias",
    }
    oracle.load_state_dict({names[name]: value for name, value in state.items()})
    h = torch.randn(3, 7, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(block(h), oracle(h), atol=1e-5, rtol=1e-5)


def test_every_position_sees_every_other_and_the_time() -> None:
    network = make().eval()
    z = torch.randn(1, 10, 6, generator=torch.Generator().manual_seed(1))
    base = network(z, torch.tensor([50]))
    assert base.shape == z.shape
    moved = z.clone()
    moved[0, 9] += 1.0
    changed = (network(moved, torch.tensor([50])) - base).abs().amax(-1)
    assert (changed > 1e-5).all()
    assert not torch.allclose(network(z, torch.tensor([51])), base)


def test_dropout_works_in_training_alone() -> None:
    network = make(dropout=0.5)
    z, t = torch.ones(1, 4, 6), torch.tensor([3])
    assert not torch.equal(network(z, t), network(z, t))
    network.eval()
    assert torch.equal(network(z, t), network(z, t))


@pytest.mark.parametrize("dropout", [0.1])
def test_the_size_of_the_paper(dropout: float) -> None:
    """91.2 million parameters are reported with the vocabulary of BERT and 512 positions."""
    with torch.device("meta"):
        network = Denoiser(
            dim=128,
            width=768,
            layers=12,
            heads=12,
            ffn=3072,
            time_dim=128,
            canvas=512,
            diffusion_steps=2000,
            dropout=dropout,
        )
    embedding = 30522 * 128 + 30522
    total = sum(p.numel() for p in network.parameters()) + embedding
    assert total == 91_225_274
