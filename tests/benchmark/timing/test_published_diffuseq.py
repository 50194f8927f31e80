from __future__ import annotations

import pytest
import torch

from benchmark.api import Example, Lengths, Resources, make_noise
from benchmark.timing.published_diffuseq import PublishedDiffuSeq
from benchmark.timing.random_texts import Size, vocabulary
from diffuseq.system import DiffuSeq, DiffuSeqConfig, DiffuSeqDecoding

WORDS = Size(dim=0, heads=0, ffn=0, layers=0, vocab=20)
EXAMPLES = [Example("a", "w1 w2", "w3", ("w3",)), Example("b", "w4", "w5 w6 w7", ("w5 w6 w7",))]


@pytest.fixture(scope="module")
def system():
    torch.manual_seed(0)
    made = DiffuSeq.build(
        DiffuSeqConfig(
            embedding_dim=6, width=8, layers=2, heads=2, ffn=12, time_dim=4, dropout=0.0,
            diffusion_steps=30, timesteps="uniform",
        ),
        Resources(vocabulary(WORDS), Lengths(8, 7)),
    )  # fmt: skip
    # Away from the values that hide a missing bias or scale.
    with torch.no_grad():
        for parameter in made.module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return made


@pytest.fixture(scope="module")
def published(system):
    return PublishedDiffuSeq(system)


def test_network_is_the_same_function(system, published):
    z_t, t = torch.randn(3, 15, 6), torch.tensor([1, 7, 30])
    torch.testing.assert_close(published(z_t, t), system.module.denoiser(z_t, t))


def test_loss_is_the_same_function(system, published):
    batch, noise = system.collate(EXAMPLES), make_noise(3, ["a", "b"])
    t, _ = system.module.evenly.draw(noise.uniform((1,), stream="t")[:, 0])
    eps = {name: noise.normal((15, 6), stream=name) for name in ("start", "forward")}
    expected = system.loss(batch, noise).total
    got = published.loss(batch["ids"], batch["is_target"], t, eps["start"], eps["forward"])
    torch.testing.assert_close(got, expected)


def test_without_noise_both_write_the_same_texts(system, published, monkeypatch):
    """Without noise both are one function of the source."""
    monkeypatch.setattr(
        "benchmark.timing.published_diffuseq._normal",
        lambda like, generator: torch.zeros_like(like),
    )
    decoding = DiffuSeqDecoding(nfe=30, temperature=0.0)
    ours = system.generate(["w1 w2", "w4"], decoding, num_samples=1, seed=0, ids=["a", "b"])
    batch = system.collate(EXAMPLES)
    rows = published.sample(batch["ids"], batch["is_target"], torch.Generator()).tolist()
    tokenizer = system.resources.tokenizer
    ends = {tokenizer.sep_id, tokenizer.pad_id}
    for row, inside, (candidate,) in zip(rows, batch["is_target"].tolist(), ours, strict=True):
        target = row[inside.index(True) :]
        end = next((i for i, token in enumerate(target) if token in ends), None)
        assert tokenizer.decode(target[:end]) == candidate.text
