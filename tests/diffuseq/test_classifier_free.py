from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from benchmark.api import Example, Lengths, Resources, UserError, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.classifier_free import (
    ClassifierFreeConfig,
    ClassifierFreeDecoding,
    ClassifierFreeDiffuSeq,
    GuidedNetwork,
)
from diffuseq.system import DiffuSeq, DiffuSeqConfig

Teach = Callable[[DiffuSeq, Sequence[Example], int], None]

PAIRS = (("red", "one two"), ("blue sky above", "three"), ("", "four"), ("green", "five six"))
EXAMPLES = tuple(Example(f"e{i}", x, y, (y,)) for i, (x, y) in enumerate(PAIRS))
IDS = [e.id for e in EXAMPLES]
SMALL = ClassifierFreeConfig(
    embedding_dim=8,
    width=16,
    layers=2,
    heads=2,
    ffn=32,
    time_dim=8,
    dropout=0.0,
    diffusion_steps=50,
    timesteps="uniform",
)
RESOURCES = Resources(
    train_tokenizer([t for pair in PAIRS for t in pair], TokenizerRecipe()), Lengths(7, 6)
)
PLAIN = ClassifierFreeDecoding(solver="ddim", nfe=4, clamp=False)


def build(config: ClassifierFreeConfig = SMALL) -> ClassifierFreeDiffuSeq:
    torch.manual_seed(0)
    return ClassifierFreeDiffuSeq.build(config, RESOURCES)


def draw(
    system: DiffuSeq, decoding: ClassifierFreeDecoding, sources: Sequence[str]
) -> tuple[list[list[str]], list[Tensor]]:
    states: list[Tensor] = []
    made = system.generate(
        sources,
        decoding,
        num_samples=2,
        seed=5,
        ids=[f"id {i}" for i in range(len(sources))],
        on_step=lambda _, z: states.append(z),
    )
    return [[candidate.text for candidate in of_source] for of_source in made], states


def test_without_guidance_and_dropout_it_is_diffuseq() -> None:
    torch.manual_seed(0)
    fields = {n: v for n, v in vars(SMALL).items() if n != "source_dropout"}
    plain = DiffuSeq.build(DiffuSeqConfig(**fields), RESOURCES)
    system = build(replace(SMALL, source_dropout=0.0))
    noise = make_noise(1, IDS)
    loss, expected = (s.loss(s.collate(EXAMPLES), noise) for s in (system, plain))
    assert torch.equal(loss.total, expected.total) and loss.tokens == expected.tokens
    sources = [e.source for e in EXAMPLES]
    assert torch.equal(draw(system, PLAIN, sources)[1][-1], draw(plain, PLAIN, sources)[1][-1])


def test_a_dropped_source_is_the_empty_one() -> None:
    system = build(replace(SMALL, source_dropout=1.0))
    bare = [replace(example, source="") for example in EXAMPLES]
    noise = make_noise(1, IDS)
    dropped = system.loss(system.collate(EXAMPLES), noise)
    system.module.eval()
    assert dropped.total.item() == pytest.approx(
        system.loss(system.collate(bare), noise).total.item()
    )
    assert dropped.total != system.loss(system.collate(EXAMPLES), noise).total


def test_the_share_of_dropped_sources_is_that_of_the_configuration() -> None:
    system = build(replace(SMALL, source_dropout=0.25))
    examples = [replace(EXAMPLES[1], id=str(i)) for i in range(2000)]
    shown: list[Tensor] = []
    hook = system.network.register_forward_pre_hook(
        lambda _, inputs, named: shown.append(named["present"]), with_kwargs=True
    )
    with torch.no_grad():
        system.loss(system.collate(examples), make_noise(3, [e.id for e in examples]))
    hook.remove()
    # Behind an empty source the canvas is shorter. Four standard deviations are .039.
    lengths = shown[0].sum(1)
    assert (lengths < lengths.max()).double().mean().item() == pytest.approx(0.25, abs=0.039)


def test_guidance_goes_beyond_the_model_with_its_source_away_from_that_without() -> None:
    system = build().module.eval()
    canvas = build().canvas
    batch = canvas.open(["blue sky above", "red", ""]).batch
    empty = canvas.open([""])
    first, t = empty.starts[0], torch.tensor([9, 9, 9])
    z_t = torch.randn(*batch["ids"].shape, 8)
    guided = GuidedNetwork(
        system.denoiser,
        scale=1.5,
        empty=system.readout.embed(empty.batch["ids"][:, :first]),
        is_target=batch["is_target"] & batch["present"],
        present=batch["present"],
        length=6,
    )
    with torch.no_grad():
        z0_hat = guided(z_t, t)
        for row, start in enumerate((6, 4, 3)):
            target = z_t[row : row + 1, start : start + 6]
            words = system.readout.embed(empty.batch["ids"][:, :first])
            free = system.denoiser(torch.cat((words, target), 1), t[:1])[:, first:]
            own = system.denoiser(z_t[row : row + 1, : start + 6], t[:1])[:, start:]
            expected = own + 1.5 * (own - free)
            torch.testing.assert_close(z0_hat[row : row + 1, start : start + 6], expected)


def test_an_empty_source_is_answered_as_without_guidance() -> None:
    system = build()
    alone = draw(system, PLAIN, [""])[1]
    guided = draw(system, replace(PLAIN, nfe=8, guidance_scale=3.0), [""])[1]
    torch.testing.assert_close(guided[-1], alone[-1])


def test_a_guided_step_makes_two_calls() -> None:
    system, calls = build(), []
    hook = system.network.register_forward_hook(lambda *_: calls.append(1))
    for scale in (0.0, 2.0):
        draw(system, replace(PLAIN, guidance_scale=scale), ["red"])
    hook.remove()
    assert len(calls) == 4 + 4
    assert replace(PLAIN, guidance_scale=2.0).steps == 2 and PLAIN.steps == 4


@pytest.mark.slow
def test_guidance_makes_a_source_count_for_more(teach: Teach) -> None:
    """A source with two answers, one of which is the usual one without a source."""
    pairs = [("red", "one")] * 4 + [("red", "two")] * 4 + [("green", "one")] * 8
    examples = [Example(str(i), x, y, (y,)) for i, (x, y) in enumerate(pairs)]
    system = build(replace(SMALL, source_dropout=0.3))
    system.module.train()
    teach(system, examples, 400)
    shares = []
    for scale in (0.0, 4.0):
        decoding = ClassifierFreeDecoding(solver="ddim", eta=1.0, nfe=40, guidance_scale=scale)
        texts = [t for of in draw(system, decoding, ["red"] * 100)[0] for t in of]
        shares.append(texts.count("two") / len(texts))
    assert shares[1] > shares[0] + 0.1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="set fit to row"):
        ClassifierFreeConfig(fit="whole")
    with pytest.raises(UserError, match=r"source_dropout 1\.5: use 0 to 1"):
        ClassifierFreeConfig(source_dropout=1.5)
    with pytest.raises(UserError, match="give an even number"):
        ClassifierFreeDecoding(nfe=5, guidance_scale=1.0)
    with pytest.raises(UserError, match=r"guidance_scale -1\.0: use 0 or more"):
        ClassifierFreeDecoding(guidance_scale=-1.0)
