from __future__ import annotations

from typing import Any

import pytest
import torch

from baselines.cached_stepper import CachedStepper
from baselines.latent.layerwise import (
    LatentMemory,
    LayerwiseConfig,
    LayerwiseVAE,
    LowRankFusion,
    Pooling,
)
from benchmark.api import UserError

SIZE: dict[str, Any] = {"dim": 8, "heads": 2, "ffn": 12, "dropout": 0.0, "latent": 3}
VOCAB, LENGTH, PAD = 11, 6, 0


def config(**values: Any) -> LayerwiseConfig:
    return LayerwiseConfig(**SIZE, encoder_layers=2, decoder_layers=2, **values)


def vae(source_length: int = 0, **values: Any) -> LayerwiseVAE:
    torch.manual_seed(0)
    return LayerwiseVAE(config(**values), VOCAB, LENGTH, source_length).eval()


def fused(fusion: LowRankFusion, values: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return fusion(fusion.factor(z), values)


def test_the_product_has_the_stated_rank() -> None:
    torch.manual_seed(1)
    fusion = LowRankFusion(8, 3, 4, "sum-of-products")
    values, z = torch.randn(2, 5, 8), torch.randn(2, 3)
    w, u = fusion.of_values, fusion.of_latent
    expected = torch.zeros(2, 5, 8)
    for j in range(4):
        rows = slice(8 * j, 8 * (j + 1))
        left = values @ w.weight[rows].T + w.bias[rows]
        right = z @ u.weight[rows].T + u.bias[rows]
        expected = expected + left * right[:, None]
    torch.testing.assert_close(fused(fusion, values, z), expected)


def test_the_released_product_is_of_rank_one_whatever_the_rank() -> None:
    torch.manual_seed(1)
    released, one = LowRankFusion(8, 3, 4, "released"), LowRankFusion(8, 3, 1, "sum-of-products")
    for many, single in (
        (released.of_values, one.of_values),
        (released.of_latent, one.of_latent),
    ):
        single.weight.data = many.weight.unflatten(0, (4, 8)).sum(0).detach()
        single.bias.data = many.bias.view(4, 8).sum(0).detach()
    values, z = torch.randn(2, 5, 8), torch.randn(2, 3)
    torch.testing.assert_close(fused(released, values, z), fused(one, values, z))
    released.fusion = "sum-of-products"
    assert not torch.allclose(fused(released, values, z), fused(one, values, z))


def test_pooling_is_a_weighted_mean_of_the_tokens_alone() -> None:
    pool, states = Pooling(4), torch.randn(1, 3, 4)
    mask = torch.tensor([[True, True, False]])
    weights = torch.nn.functional.gelu(states[0, :2] @ pool.weight).softmax(0)
    expected = (weights[:, None] * states[0, :2]).sum(0)
    torch.testing.assert_close(pool(states, mask)[0], expected)


@pytest.mark.parametrize("share", [True, False])
def test_blocks_are_shared_or_not(share: bool) -> None:
    module = vae(share=share)
    of_encoder = {id(p) for p in module.encoder.blocks.parameters()}
    of_decoder = {id(p) for p in module.decoder.stack.blocks.parameters()}
    assert of_encoder == of_decoder if share else not of_encoder & of_decoder


@pytest.mark.parametrize("source_length", [0, 7])
def test_one_position_at_a_time_is_all_at_once(source_length: int) -> None:
    module = vae(source_length)
    eps = torch.randn(3, module.latent)
    if source_length:
        read = module.decoder.stack.remember(
            torch.randn(3, source_length, 8), torch.ones(3, source_length, dtype=torch.bool)
        )
        factors = module.decoder.factors(module.chain(eps, [torch.randn(3, 8)] * 2))
        memory = LatentMemory(read.keys, read.values, read.mask, read.encoded, factors)
    else:
        memory = module.remember(eps)
    tokens = torch.randint(1, VOCAB, (3, LENGTH))
    stepper = CachedStepper(module.decoder, memory, 1, LENGTH)
    singly = torch.stack([stepper.step(tokens[:, i]) for i in range(LENGTH)], dim=1)
    torch.testing.assert_close(singly, module.decoder(tokens, memory), rtol=1e-4, atol=1e-5)


def test_every_layer_reads_its_own_latent() -> None:
    module = vae()
    tokens = torch.randint(1, VOCAB, (1, LENGTH))
    latents = [torch.randn(1, 3) for _ in range(2)]
    memory = module.remember(torch.zeros(1, module.latent))

    def logits(*z: torch.Tensor) -> torch.Tensor:
        factors = module.decoder.factors(z)
        read = LatentMemory((), (), memory.mask, memory.encoded, factors)
        return module.decoder(tokens, read)

    usual = logits(*latents)
    assert not torch.allclose(usual, logits(latents[0] + 1, latents[1]))
    assert not torch.allclose(usual, logits(latents[0], latents[1] + 1))


def test_layers_are_as_many_on_both_sides() -> None:
    with pytest.raises(UserError, match="encoder_layers 1 and decoder_layers 2 differ"):
        LayerwiseConfig(**SIZE, encoder_layers=1, decoder_layers=2)
    with pytest.raises(UserError, match=r"^fusion 'add': "):
        config(fusion="add")
