from __future__ import annotations

import pytest
import torch

from baselines.latent.cvae import CVAEDecoding, CVAESystem
from baselines.latent.layerwise import LayerwiseConfig
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

PAIRS = [("ask soup", "the soup was good"), ("ask cake", "a cake is bad and cold")]
EXAMPLES = [api.Example(str(i), s, t, (t,)) for i, (s, t) in enumerate(PAIRS)]
TEXTS = [text for pair in PAIRS for text in pair]


@pytest.fixture
def system() -> CVAESystem:
    torch.manual_seed(0)
    resources = api.Resources(train_tokenizer(TEXTS, TokenizerRecipe()), api.Lengths(4, 10))
    config = LayerwiseConfig(
        dim=16, heads=2, ffn=16, encoder_layers=2, decoder_layers=2, dropout=0.0, latent=4
    )
    return CVAESystem(config, resources)


def texts(system: CVAESystem, **decoding: float) -> list[list[str]]:
    made = system.generate(
        [e.source for e in EXAMPLES],
        CVAEDecoding(**decoding),
        num_samples=6,
        seed=5,
        ids=[e.id for e in EXAMPLES],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def test_candidates_differ_by_their_latents_alone(system: CVAESystem) -> None:
    still = texts(system, spread=0.0)
    assert all(len(of_source) == 6 and len(set(of_source)) == 1 for of_source in still)
    assert any(len(set(of_source)) > 1 for of_source in texts(system, spread=4.0))


def test_a_text_without_chance_is_one_candidate() -> None:
    assert CVAEDecoding(spread=0.0).kind == "single"
    assert CVAEDecoding().kind == CVAEDecoding(spread=0.0, temperature=0.7).kind == "samples"


def test_prior_and_posterior_read_the_source(system: CVAESystem) -> None:
    tokenizer, batch = system.resources.tokenizer, system.collate(EXAMPLES)
    conditions, _ = system.module.read(batch["source"], tokenizer.pad_id)
    swapped = [c.flip(0) for c in conditions]
    eps = torch.zeros(2, system.module.latent)
    usual, other = system.module.chain(eps, conditions), system.module.chain(eps, swapped)
    assert not any(torch.allclose(a, b) for a, b in zip(usual, other, strict=True))
    states, _ = system.module.read(batch["target"], tokenizer.pad_id)
    found = system.module.chain.infer(states, eps, conditions)
    assert not torch.allclose(found.kl, system.module.chain.infer(states, eps, swapped).kl)


def test_the_loss_is_reconstruction_and_weighted_kl(system: CVAESystem) -> None:
    batch, noise = system.collate(EXAMPLES), api.make_noise(1, [e.id for e in EXAMPLES])
    terms = system.loss(batch, noise)
    expected = terms.terms["nll"] + system.config.beta * terms.terms["kl"]
    assert terms.total.item() == pytest.approx(expected.item())
    assert terms.tokens == sum(len(target.split()) + 1 for _, target in PAIRS)


def test_a_cut_source_is_marked(system: CVAESystem) -> None:
    made = system.generate(
        ["ask soup ask cake ask soup"], CVAEDecoding(), num_samples=1, seed=5, ids=["0"]
    )
    assert made[0][0].status in ("truncated", "unfinished", "empty")
