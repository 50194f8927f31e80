"""The bound against integrals over all states, for one word, one dimension and three steps."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from benchmark.api import Example, Lengths, Resources, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.likelihood import Chain, importance_bound, variational_bound
from diffuseq.readout import Readout
from diffuseq.system import DiffuSeq, DiffuSeqConfig

LEVEL = torch.tensor([1.0, 0.7, 0.45, 0.2], dtype=torch.float64)
TIMES = torch.arange(4)
GRID = torch.linspace(-9, 9, 901, dtype=torch.float64)
WIDTH = float(GRID[1] - GRID[0])
WORD = 1


def network(z: Tensor, t: Tensor) -> Tensor:
    """A rule that predicts well enough to be worth something."""
    return torch.tanh(1.5 * z) * (1.2 - 0.2 * t.to(z.dtype).view(-1, *[1] * (z.dim() - 1)))


def readout() -> Readout:
    made = Readout(vocab_size=3, dim=1).double()
    with torch.no_grad():
        made.weight.copy_(torch.tensor([[-1.0], [0.4], [1.3]]))
        made.bias.copy_(torch.tensor([0.0, 0.3, -0.2]))
    return made.requires_grad_(False)


def density(z: Tensor, mean: Tensor | float, variance: float) -> Tensor:
    return torch.exp(-((z - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def predicted(t: int) -> Tensor:
    return network(GRID[:, None, None], torch.full((len(GRID),), t)).flatten()


def step(t: int, z_0: Tensor | float) -> tuple[Tensor, float]:
    """Mean over the grid of z_t and variance of q(z_s | z_t, z_0), by Bayes' rule."""
    a_t, a_s = float(LEVEL[t]), float(LEVEL[t - 1])
    kept = a_t / a_s
    precision = 1 / (1 - a_s) + kept / (1 - kept)
    mean = (math.sqrt(a_s) * z_0 / (1 - a_s) + math.sqrt(kept) * GRID / (1 - kept)) / precision
    return mean, 1 / precision


def exact(word: int) -> float:
    """log p(w): z_3 to z_2 to z_1 to w, summed over a grid of states."""
    mass = density(GRID, 0.0, 1.0) * WIDTH
    for t in (3, 2):
        mean, variance = step(t, predicted(t))
        mass = mass @ density(GRID[None], mean[:, None], variance) * WIDTH
    log_p = readout().logits(predicted(1)[:, None]).log_softmax(-1)[:, word]
    return math.log(float(mass @ log_p.exp()))


def rows(count: int) -> tuple[Tensor, Tensor]:
    return torch.full((count, 1), WORD), torch.ones(count, 1, dtype=torch.bool)


def test_the_integrated_chain_is_a_distribution():
    assert math.fsum(math.exp(exact(word)) for word in range(3)) == pytest.approx(1, abs=1e-6)


def test_the_variational_bound_is_that_of_the_integrals():
    e = float(readout().weight[WORD])
    level = LEVEL.tolist()
    expected = -0.5 * (level[3] * e**2 - level[3] - math.log(1 - level[3]))
    for t in (3, 2):
        (mean, variance), (mean_hat, _) = step(t, e), step(t, predicted(t))
        q = density(GRID, math.sqrt(level[t]) * e, 1 - level[t]) * WIDTH
        expected -= float(q @ ((mean - mean_hat) ** 2 / (2 * variance)))
    q = density(GRID, math.sqrt(level[1]) * e, 1 - level[1]) * WIDTH
    log_p = readout().logits(predicted(1)[:, None]).log_softmax(-1)[:, WORD]
    expected += float(q @ log_p)
    draws = 20_000
    chain = Chain(network, readout(), LEVEL, TIMES)
    (found,) = variational_bound(chain, *rows(draws), make_noise(1, ["x"], draws), draws).tolist()
    assert found == pytest.approx(expected, abs=0.02)
    assert found < exact(WORD) - 0.02


def test_importance_weighting_rises_to_the_exact_value():
    chain, repeats = Chain(network, readout(), LEVEL, TIMES), 1000
    noise = make_noise(2, [str(row) for row in range(20_000)])
    w = importance_bound(chain, *rows(20_000), noise, 1).exp()
    error = float(w.std()) / math.sqrt(len(w))
    assert error < 0.02 * math.exp(exact(WORD))
    assert float(w.mean()) == pytest.approx(math.exp(exact(WORD)), abs=3 * error)
    bounds = []
    for draws in (1, 8, 64):
        noise = make_noise(3, [str(row) for row in range(repeats)], draws)
        found = importance_bound(chain, *rows(repeats * draws), noise, draws)
        bounds.append(float(found.mean()))
    assert bounds == sorted(bounds)
    assert exact(WORD) - 0.03 < bounds[-1] < exact(WORD) + 0.003


def test_a_chain_may_skip_times():
    """Steps of a grid are those of a chain whose noise rises as much at once."""
    coarse = torch.tensor([0, 1, 3])
    seen: list[int] = []

    def shown(z: Tensor, t: Tensor) -> Tensor:
        seen.extend(t.tolist())
        return network(z, t)

    def renamed(z: Tensor, t: Tensor) -> Tensor:
        return network(z, coarse[t])

    for bound in (variational_bound, importance_bound):
        noise = make_noise(5, ["x"], 16)
        skipped = bound(Chain(shown, readout(), LEVEL, coarse), *rows(16), noise, 16)
        short = Chain(renamed, readout(), LEVEL[coarse], torch.arange(3))
        assert torch.equal(skipped, bound(short, *rows(16), noise, 16))
    assert set(seen) == {1, 3}


def test_the_source_is_given():
    """Whatever is not to be generated is clean, and adds nothing to the bound."""
    seen = []

    def watching(z: Tensor, t: Tensor) -> Tensor:
        seen.append(z[:, 0, 0])
        return network(z, t)

    ids = torch.tensor([[2, WORD]] * 64)
    over = torch.tensor([[False, True]] * 64)
    for bound in (variational_bound, importance_bound):
        chain = Chain(watching, readout(), LEVEL, TIMES)
        bound(chain, ids, over, make_noise(4, ["x"], 64), 64)
    assert torch.equal(torch.cat(seen).unique(), readout().weight[2])


@pytest.mark.parametrize("fit", ["whole", "row"])
def test_targets_that_cannot_be_written_have_no_likelihood(fit):
    texts = ["red green blue"]
    resources = Resources(train_tokenizer(texts, TokenizerRecipe()), Lengths(8, 5))
    config = DiffuSeqConfig(
        embedding_dim=4, width=8, layers=1, heads=2, ffn=8, time_dim=4, diffusion_steps=5, fit=fit
    )
    torch.manual_seed(0)
    system = DiffuSeq.build(config, resources)
    example = Example("x", "red", "red green", ("red green",))
    odd = [replace(example, target=t) for t in ("red green", "purple", "red " * 4, "", "red " * 3)]
    noise = make_noise(1, [e.target for e in odd], 4)
    scored = system.log_likelihood(odd, noise, num_samples=4)
    assert [math.isfinite(one.nats) for one in scored] == [True, False, False, True, True]
    assert [one.tokens for one in scored] == [3, 2, 5, 1, 4]
