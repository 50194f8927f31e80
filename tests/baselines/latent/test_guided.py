from __future__ import annotations

from typing import Any

import pytest
import torch

from baselines.latent.della import DellaSystem
from baselines.latent.guided import GuidedLatentDecoding, GuidedLatentSystem
from baselines.latent.latentops import LatentOpsSystem
from baselines.latent.operators import LatentOperatorRecipe
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from benchmark.generation.measured_generation import generate

TEXTS = ["the soup was good", "the soup was bad", "a cake is good", "a cake is bad and cold"]
ATTRIBUTES = {"mood": ("good", "bad")}
EXAMPLES = [
    api.Example(str(i), "", text, (text,), {"mood": "good" if "good" in text else "bad"})
    for i, text in enumerate(TEXTS)
]


@pytest.fixture(params=[LatentOpsSystem, DellaSystem])
def system(request: pytest.FixtureRequest) -> GuidedLatentSystem:
    torch.manual_seed(0)
    resources = api.Resources(train_tokenizer(TEXTS, TokenizerRecipe()), api.Lengths(4, 10))
    values: dict[str, Any] = {"dim": 16, "heads": 2, "ffn": 16, "latent": 4, "dropout": 0.0}
    config = request.param.Config(**values, encoder_layers=2, decoder_layers=2)
    made: GuidedLatentSystem = request.param(config, resources)
    made.fit_operators(EXAMPLES, EXAMPLES, ATTRIBUTES, LatentOperatorRecipe(updates=20), seed=3)
    return made


def texts(system: GuidedLatentSystem, *sources: str, **decoding: float) -> list[list[str]]:
    made = system.generate(
        sources,
        GuidedLatentDecoding(**decoding),  # type: ignore[arg-type]
        num_samples=2,
        seed=5,
        ids=[f"id {i}" for i in range(len(sources))],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def test_the_latent_of_a_text_does_not_depend_on_its_batch(system: GuidedLatentSystem) -> None:
    alone = system.infer(TEXTS[:1])
    together = system.infer([TEXTS[0], TEXTS[3]])[:1]
    torch.testing.assert_close(alone, together)


def test_the_loss_is_reconstruction_and_weighted_kl(system: GuidedLatentSystem) -> None:
    batch, noise = system.collate(EXAMPLES), api.make_noise(1, [e.id for e in EXAMPLES])
    terms = system.loss(batch, noise)
    expected = terms.terms["nll"] + system.config.beta * terms.terms["kl"]
    assert terms.total.item() == pytest.approx(expected.item())
    assert terms.tokens == sum(len(text.split()) + 1 for text in TEXTS)
    # Summed over the parts of the latent, never averaged.
    step = noise.normal((system.model.latent,), stream="latent")
    kl = system.model.infer(batch["target"], system.resources.tokenizer.pad_id, step).kl
    assert terms.terms["kl"].item() == pytest.approx(kl.sum().item() / terms.tokens)


def test_an_edit_starts_from_its_text_and_is_deterministic(system: GuidedLatentSystem) -> None:
    line = "mood: bad => the soup was good"
    (first, second), *_ = texts(system, line)
    assert first == second
    mu = system.infer(["the soup was good"])
    noise = api.make_noise(5, ["id 0"], 2)
    unsteered = system.decode(mu.repeat(2, 1), noise, num_samples=2)  # the reconstruction
    assert texts(system, line, strength=0.0)[0] == [c.text for c in unsteered[0]]


def test_a_text_to_be_edited_is_encoded_once(
    system: GuidedLatentSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = torch.randn(6, system.model.latent)
    lines = ("mood: bad => the soup was good", "mood: bad", "mood: good => a cake is bad and cold")
    one_by_one = system.infer([text for text in TEXTS[1:3] for _ in range(3)], noise)
    torch.testing.assert_close(system.infer(TEXTS[1:3], noise), one_by_one)
    encoded: list[str] = []
    encode = system._encoded

    def record(some: list[str]) -> torch.Tensor:
        encoded.extend(some)
        return encode(some)

    monkeypatch.setattr(system, "_encoded", record)
    for spread in (0.0, 1.0):
        texts(system, *lines, posterior_spread=spread)
        assert encoded == ["the soup was good", "a cake is bad and cold"]
        encoded.clear()


def test_best_of_several_draws_is_one_evaluation_of_the_operators(
    system: GuidedLatentSystem,
) -> None:
    edit = "mood: bad => the soup was good"
    for line, candidates, strength, calls in (
        ("mood: bad", 4, 0.0, 1),
        ("mood: bad", 4, 1.0, 1 + 4 * 2),
        ("mood: bad", 1, 1.0, 4 * 2),
        ("mood: bad", 1, 0.0, 0),
        (edit, 4, 0.0, 0),
    ):
        decoding = GuidedLatentDecoding(strength=strength, candidates=candidates, steps=2)
        examples = [api.Example("0", line, "", ("",))]
        made = generate(system, examples, decoding, num_samples=2, seed=1, batch=8)
        assert made.cost.operator_calls == calls


def test_a_row_does_not_depend_on_what_stands_beside_it(system: GuidedLatentSystem) -> None:
    lines = ("mood: bad", "", "mood: good => a cake is bad and cold")
    assert texts(system, *lines)[0] == texts(system, lines[0])[0]


def test_what_no_operator_knows_is_refused(system: GuidedLatentSystem) -> None:
    with pytest.raises(api.UserError, match=r"no operator for 'mood: great'.*mood: good, bad"):
        texts(system, "mood: great")
    with pytest.raises(api.UserError, match=r"no operator for 'tense: past'"):
        texts(system, "tense: past")
    system.operators = None
    with pytest.raises(api.UserError, match="has no operators"):
        texts(system, "mood: bad")
    assert texts(system, "", "any text at all") != []
