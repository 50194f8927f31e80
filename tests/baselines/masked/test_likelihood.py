"""Bounds against a chain whose paths are all listed, for a tiny model."""

import itertools
import math
from dataclasses import replace
from functools import cache, lru_cache

import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.likelihood import (
    Chain,
    absorbing_path,
    any_path,
    importance_bound,
    one_at_a_time,
    one_pass,
    variational_bound,
)
from baselines.masked.systems import CMLM, NAT, D3PMAbsorbing, D3PMConfig
from benchmark.api import Example, make_noise

MASK, SIZE, STEPS = 2, 3, 3
X_0 = (0, 1)
STATES = tuple(itertools.product(range(SIZE), repeat=len(X_0)))
CORRUPTIONS = {"absorbing": Absorbing(SIZE, MASK), "uniform": Uniform(SIZE)}


@lru_cache(maxsize=2)
def table(name):
    """Logarithms of p(x_0|x_t, t) `(steps, states, position, vocab)`, drawn once."""
    generator = torch.Generator().manual_seed(3)
    scores = 2 * torch.randn(STEPS, len(STATES), 2, SIZE, generator=generator, dtype=torch.float64)
    if name == "absorbing":
        scores[..., MASK] = -torch.inf
    return scores.log_softmax(-1)


def chain(name):
    log_p = table(name)

    def log_predict(x_t, t):
        step = (t.squeeze(-1) * STEPS).round().long() - 1
        return log_p[step, x_t[:, 0] * SIZE + x_t[:, 1]]

    return Chain(CORRUPTIONS[name], STEPS, log_predict)


def kernel(name, a, b, kept):
    """q(b|a) of one token that is kept with a probability."""
    lost = float(b == MASK) if name == "absorbing" else 1 / SIZE
    return kept * float(a == b) + (1 - kept) * lost


@cache
def forward(name, x_s, x_t, s, t):
    return math.prod(kernel(name, a, b, (1 - t) / (1 - s)) for a, b in zip(x_s, x_t, strict=True))


@cache
def backward(name, x_s, x_t, s, t):
    """p(x_s|x_t), proportional to sum over x_0 of q(x_s, x_t|x_0) p(x_0|x_t)."""
    p_0 = table(name)[round(t * STEPS) - 1, STATES.index(x_t)].exp()
    total = 1.0
    for place, (a, b) in enumerate(zip(x_s, x_t, strict=True)):
        masses = [
            kernel(name, v, b, (1 - t) / (1 - s))
            * sum(float(p_0[place, w]) * kernel(name, w, v, 1 - s) for w in range(SIZE))
            for v in range(SIZE)
        ]
        total *= masses[a] / sum(masses)
    return total


def prior(name, x):
    return float(set(x) == {MASK}) if name == "absorbing" else SIZE ** -len(x)


@cache
def paths(name, x_0):
    """q(path|x_0) and w = p(x_0, path) / q(path|x_0), over all paths x_1 ... x_T."""
    found = []
    for path in itertools.product(STATES, repeat=STEPS):
        q, p, whole = 1.0, prior(name, path[-1]), (x_0, *path)
        for k in range(1, STEPS + 1):
            s, t = (k - 1) / STEPS, k / STEPS
            q *= forward(name, whole[k - 1], whole[k], s, t)
            p *= backward(name, whole[k - 1], whole[k], s, t) if q else 0.0
        if q:
            found.append((q, p / q))
    return found


def exact(name, x_0):
    return sum(q * w for q, w in paths(name, x_0))


def rows(count=1):
    x_0 = torch.tensor([X_0]).repeat(count, 1)
    return x_0, torch.ones_like(x_0, dtype=torch.bool)


def test_the_listed_chain_is_a_distribution():
    for name, written in (("absorbing", (0, 1)), ("uniform", range(SIZE))):
        texts = itertools.product(written, repeat=2)
        assert sum(exact(name, x_0) for x_0 in texts) == pytest.approx(1.0)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_variational_bound_is_the_mean_log_weight_of_all_paths(name):
    expected = sum(q * math.log(w) for q, w in paths(name, X_0))
    draws = 10_000
    (found,) = variational_bound(chain(name), *rows(), make_noise(1, ["x"], draws), draws).tolist()
    assert found == pytest.approx(expected, abs=0.03)
    assert found < math.log(exact(name, X_0)) - 0.05


@pytest.mark.parametrize(
    ("name", "path"),
    [("absorbing", absorbing_path), ("absorbing", any_path), ("uniform", any_path)],
)
def test_weights_of_drawn_paths_have_the_listed_mean(name, path):
    draws = 8_000
    noise = make_noise(2, [str(row) for row in range(draws)])
    w = path(chain(name), *rows(draws), noise).exp()
    mean = exact(name, X_0)
    assert float(w.mean()) == pytest.approx(mean, abs=4 * float(w.std()) / math.sqrt(draws))
    # The weights are those of some listed path, not only right on average.
    listed = torch.tensor([w for _, w in paths(name, X_0)], dtype=torch.float64)
    assert float((w[:200, None] - listed).abs().amin(1).max()) < 1e-9


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_importance_weighting_rises_to_the_exact_value(name):
    truth, repeats = math.log(exact(name, X_0)), 500
    bounds = []
    for draws in (1, 8, 64):
        noise = make_noise(3, [str(row) for row in range(repeats)], draws)
        found = importance_bound(chain(name), *rows(repeats), noise, draws)
        bounds.append(float(found.mean()))
    assert bounds == sorted(bounds) and bounds[-1] < truth
    expected = sum(q * math.log(w) for q, w in paths(name, X_0))
    assert bounds[0] == pytest.approx(expected, abs=0.1)
    assert bounds[-1] == pytest.approx(truth, abs=0.08)


def test_frames_are_given_and_not_predicted():
    x_0, inside = torch.tensor([[0, 1]]), torch.tensor([[True, False]])
    for name in CORRUPTIONS:
        noise = make_noise(4, ["x"], 8)
        for bound in (variational_bound, importance_bound):
            narrow = Chain(
                CORRUPTIONS[name],
                STEPS,
                lambda x_t, t: (
                    (x_t[:, 1:] == 1).double().log()[..., None]
                    + torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
                    .log()
                    .expand(len(x_t), 2, 3)
                ),
            )
            assert bound(narrow, x_0, inside, noise, 8).isfinite().all()


def test_one_pass_and_one_at_a_time_by_hand():
    log_p = table("absorbing")

    def log_predict(x_t, t):
        # Two masks come at time 1, one of two at time 1/2.
        step = torch.where((x_t == MASK).sum(1) == 2, 2, 0)
        assert torch.equal(t.squeeze(-1), (x_t == MASK).sum(1) / 2.0)
        return log_p[step, x_t[:, 0] * SIZE + x_t[:, 1]]

    both = log_p[2, STATES.index((MASK, MASK))]
    at_once = float(both[0, 0] + both[1, 1])
    assert one_pass(log_predict, MASK, *rows()).tolist() == pytest.approx([at_once])
    first, second = log_p[0, STATES.index((MASK, 1))], log_p[0, STATES.index((0, MASK))]
    apart = float(first[0, 0] + second[1, 1])
    assert one_at_a_time(log_predict, MASK, *rows()).tolist() == pytest.approx([apart])


SMALL = {"dim": 8, "heads": 2, "ffn": 8, "encoder_layers": 1, "decoder_layers": 1}


def test_what_systems_say_of_their_likelihoods(pairs, resources):
    kinds = {NAT: "exact", CMLM: "pseudo", D3PMAbsorbing: "lower bound"}
    for cls, kind in kinds.items():
        system = cls.build(cls.Config(**SMALL), resources)
        noise = make_noise(1, [e.id for e in pairs], 2)
        scored = system.log_likelihood(pairs, noise, num_samples=2)
        assert {one.kind for one in scored} == {kind}
        # Words and the end, whether eos is written or a length predicted.
        assert [one.tokens for one in scored] == [len(e.target.split()) + 1 for e in pairs]


def test_what_cannot_be_written_has_no_likelihood(pairs, resources):
    system = NAT.build(NAT.Config(**SMALL), resources)
    odd = [replace(pairs[0], target=text) for text in ("", "red purple", "red " * 7, "red " * 6)]
    noise = make_noise(1, [e.id for e in odd])
    found = [one.nats for one in system.log_likelihood(odd, noise, num_samples=1)]
    assert found[:3] == [-math.inf] * 3 and math.isfinite(found[3])


def test_texts_are_drawn_as_often_as_importance_weights_say(resources):
    """T ancestral steps are what the bound of T steps is of."""
    torch.manual_seed(1)
    short = replace(resources, lengths=replace(resources.lengths, target=2))
    system = D3PMAbsorbing.build(D3PMConfig(**SMALL, timesteps=3), short)
    with torch.no_grad():
        for parameter in system.module.parameters():
            parameter.mul_(3)
    example = Example("x", "red", "", ("",))
    draws, decoding = 6000, D3PMAbsorbing.Decoding(nfe=3)
    (made,) = system.generate(["red"], decoding, num_samples=draws, seed=1, ids=["x"])
    for text in ("red green", "blue cat", "green"):
        asked = replace(example, target=text)
        noise = make_noise(1, ["x"], 500)
        (found,) = system.log_likelihood([asked], noise, num_samples=500, weighting="importance")
        count = sum(candidate.text == text for candidate in made)
        expected = draws * math.exp(found.nats)
        # A text that leaves room is on other canvases too: what follows its end is free.
        assert count > expected - 5 * math.sqrt(expected) - 2
        if len(text.split()) == 2:
            assert count < expected + 5 * math.sqrt(expected) + 2
