from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from baselines.latent.guided import GuidedLatentDecoding
from baselines.latent.latentops import LatentOpsSystem
from baselines.latent.operators import OperatorRecipe
from baselines.latent.vae import VAEConfig, kl
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

TEXTS = ["the soup was good", "the soup was bad", "a cake is good", "a cake is bad and cold"]
ATTRIBUTES = {"mood": ("good", "bad")}
EXAMPLES = [
    api.Example(str(i), "", text, (text,), {"mood": "good" if "good" in text else "bad"})
    for i, text in enumerate(TEXTS)
]


@pytest.fixture
def system() -> LatentOpsSystem:
    torch.manual_seed(0)
    resources = api.Resources(train_tokenizer(TEXTS, TokenizerRecipe()), api.Lengths(4, 10))
    config = VAEConfig(dim=16, heads=2, ffn=16, encoder_layers=1, decoder_layers=1, latent=4)
    made = LatentOpsSystem(replace(config, dropout=0.0), resources)
    made.fit_operators(EXAMPLES, EXAMPLES, ATTRIBUTES, OperatorRecipe(updates=20), seed=3)
    return made


def texts(system: LatentOpsSystem, *sources: str, **decoding: float) -> list[list[str]]:
    made = system.generate(
        sources,
        GuidedLatentDecoding(**decoding),  # type: ignore[arg-type]
        num_samples=2,
        seed=5,
        ids=[f"id {i}" for i in range(len(sources))],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def test_padding_is_not_pooled(system: LatentOpsSystem) -> None:
    alone = system.infer(TEXTS[:1])
    together = system.infer([TEXTS[0], TEXTS[3]])[:1]
    torch.testing.assert_close(alone, together)


def test_kl_is_that_of_torch() -> None:
    mu, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * log_variance).exp()),
        torch.distributions.Normal(torch.zeros(5, 3), torch.ones(5, 3)),
    )
    torch.testing.assert_close(kl(mu, log_variance), exact)


def test_the_loss_is_reconstruction_and_weighted_kl(system: LatentOpsSystem) -> None:
    batch, noise = system.collate(EXAMPLES), api.make_noise(1, [e.id for e in EXAMPLES])
    terms = system.loss(batch, noise)
    expected = terms.terms["nll"] + system.config.beta * terms.terms["kl"]
    assert terms.total.item() == pytest.approx(expected.item())
    assert terms.tokens == sum(len(text.split()) + 1 for text in TEXTS)


def test_an_edit_starts_from_its_text_and_is_deterministic(system: LatentOpsSystem) -> None:
    line = "mood: bad => the soup was good"
    (first, second), *_ = texts(system, line)
    assert first == second
    mu = system.infer(["the soup was good"])
    noise = api.make_noise(5, ["id 0"], 2)
    unsteered = system.decode(mu.repeat(2, 1), noise, num_samples=2)  # the reconstruction
    assert texts(system, line, strength=0.0)[0] == [c.text for c in unsteered[0]]


def test_a_row_does_not_depend_on_what_stands_beside_it(system: LatentOpsSystem) -> None:
    lines = ("mood: bad", "", "mood: good => a cake is bad and cold")
    assert texts(system, *lines)[0] == texts(system, lines[0])[0]


def test_what_no_operator_knows_is_refused(system: LatentOpsSystem) -> None:
    with pytest.raises(api.UserError, match=r"no operator for 'mood: great'.*mood: good, bad"):
        texts(system, "mood: great")
    with pytest.raises(api.UserError, match=r"no operator for 'tense: past'"):
        texts(system, "tense: past")
    system.operators = None
    with pytest.raises(api.UserError, match="has no operators"):
        texts(system, "mood: bad")
    assert texts(system, "", "any text at all") != []
