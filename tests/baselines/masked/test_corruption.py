"""Chains of a few tokens, compared with Bayes' rule by enumeration."""

import itertools

import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.prediction import Prediction

TOKENS, MASK = 3, 3
CHAINS = {"absorbing": (Absorbing(4, MASK), 4), "uniform": (Uniform(3), 3)}
TIMESTEPS = 5


def at(k):
    return torch.tensor(k / TIMESTEPS, dtype=torch.float64)


def one_step(name, k):
    """The transition matrix of lattice step k by the paper: beta_k = 1 / (T - k + 1)."""
    size, beta = CHAINS[name][1], 1 / (TIMESTEPS - k + 1)
    to = (
        torch.eye(size, dtype=torch.float64)[MASK]
        if name == "absorbing"
        else torch.full((size,), 1 / size, dtype=torch.float64)
    )
    return (1 - beta) * torch.eye(size, dtype=torch.float64) + beta * to


def between(name, s, t):
    """The product of the one-step matrices from s to t."""
    product = torch.eye(CHAINS[name][1], dtype=torch.float64)
    for k in range(s + 1, t + 1):
        product = product @ one_step(name, k)
    return product


def reachable(name, k):
    """Pairs of tokens (x_0, x_t) at two positions with a positive probability."""
    matrix = between(name, 0, k)
    single = [(a, b) for a in range(TOKENS) for b in range(len(matrix)) if matrix[a, b] > 0]
    return itertools.product(single, repeat=2)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("k", range(1, TIMESTEPS + 1))
def test_corruption_follows_the_chain(name, k):
    chain, size = CHAINS[name]
    u = (torch.arange(1200, dtype=torch.float64) + 0.5) / 1200
    for x_0 in range(TOKENS):
        drawn = chain.corrupt(torch.full((1200,), x_0), at(k), u)
        share = torch.bincount(drawn, minlength=size) / 1200
        torch.testing.assert_close(share.double(), between(name, 0, k)[x_0], atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(("s", "t"), [(0, 1), (0, 5), (1, 2), (1, 4), (3, 5), (4, 5)])
def test_posterior_is_bayes_over_both_positions(name, s, t):
    chain, size = CHAINS[name]
    to_s, s_to_t = between(name, 0, s), between(name, s, t)
    for (a, x), (b, y) in reachable(name, t):
        joint = torch.zeros(size, size, dtype=torch.float64)
        for i, j in itertools.product(range(size), repeat=2):
            joint[i, j] = to_s[a, i] * s_to_t[i, x] * to_s[b, j] * s_to_t[j, y]
        p_0 = torch.eye(size, dtype=torch.float64)[torch.tensor([[a, b]])]
        first, second = chain.posterior(torch.tensor([[x, y]]), p_0, at(t), at(s))[0]
        torch.testing.assert_close(first[:, None] * second, joint / joint.sum(), atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", CHAINS)
def test_reverse_is_the_joint_summed_over_x_0(name):
    chain, size = CHAINS[name]
    p_0 = torch.tensor([0.6, 0.3, 0.1, 0.0][:size], dtype=torch.float64)
    s, t = 1, 3
    for x in range(size):
        joint = (p_0 @ between(name, 0, s)) * between(name, s, t)[:, x]
        got = chain.posterior(torch.tensor([[x]]), p_0[None, None], at(t), at(s))[0, 0]
        if name == "absorbing" and x != MASK:
            # Carry-over: a found token is x_0, whatever the network thinks of it.
            assert got[x] == 1
        else:
            torch.testing.assert_close(got, joint / joint.sum(), atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", CHAINS)
def test_draws_follow_the_posterior(name):
    chain, size = CHAINS[name]
    count = 1200
    u = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    logits = torch.tensor([0.6, 0.3, 0.1, 0.0][:size]).log()
    prediction = Prediction(logits.expand(1, count, size))
    for x in range(size):
        x_t = torch.full((1, count), x)
        drawn = chain.draw(x_t, prediction, at(4), at(3), u[None])[0]
        p_0 = logits.double().softmax(-1)[None, None]
        expected = chain.posterior(x_t[:, :1], p_0, at(4), at(3))[0, 0]
        share = torch.bincount(drawn, minlength=size).double() / count
        torch.testing.assert_close(share, expected, atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(("s", "t"), [(0, 1), (0, 4), (2, 3), (4, 5)])
def test_divergence_is_that_of_the_posteriors(name, s, t):
    chain, size = CHAINS[name]
    torch.manual_seed(t)
    for (a, x), (b, y) in reachable(name, t):
        x_0, x_t = torch.tensor([[a, b]]), torch.tensor([[x, y]])
        scores = torch.randn(1, 2, size, dtype=torch.float64)
        if name == "absorbing":
            scores[..., MASK] = -torch.inf
        log_p = scores.log_softmax(-1)
        q = chain.posterior(x_t, torch.eye(size, dtype=torch.float64)[x_0], at(t), at(s))
        p = chain.posterior(x_t, log_p.exp(), at(t), at(s))
        expected = torch.where(q > 0, q * (q / p).log(), 0.0).sum(-1)
        got = chain.divergence(x_0, x_t, log_p, at(t)[None, None], at(s)[None, None])
        torch.testing.assert_close(got, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("name", CHAINS)
def test_divergence_has_a_gradient_where_ids_are_forbidden(name):
    chain, size = CHAINS[name]
    scores = torch.zeros(1, 2, size, requires_grad=True)
    banned = size - 1
    log_p = scores.index_fill(-1, torch.tensor([banned]), -torch.inf).log_softmax(-1)
    x_0 = torch.tensor([[0, 1]])
    x_t = chain.prior(x_0, lambda: torch.full((1, 2), 0.9).double())
    for s in (0, 1):
        t, s = at(2)[None, None], at(s)[None, None]
        chain.divergence(x_0, x_t, log_p, t, s).sum().backward(retain_graph=True)
        assert torch.isfinite(scores.grad).all() and (scores.grad[..., 0] != 0).all()


def test_the_prior_holds_nothing_of_the_data():
    u = torch.tensor([[0.0, 0.34, 1 - 2**-53]], dtype=torch.float64)

    def unwanted():
        raise AssertionError("masks need no noise")

    assert CHAINS["absorbing"][0].prior(u, unwanted).tolist() == [[MASK] * 3]
    assert CHAINS["uniform"][0].prior(u, lambda: u).tolist() == [[0, 1, 2]]
    for name, (_, size) in CHAINS.items():
        row = between(name, 0, TIMESTEPS)[0]
        assert row[MASK if name == "absorbing" else 0] == pytest.approx(
            1 if name == "absorbing" else 1 / size
        )


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("k", range(1, TIMESTEPS + 1))
def test_what_a_position_says_of_itself_can_be_left_out(name, k):
    """By Bayes from what the others say of x_0, and back."""
    chain, size = CHAINS[name]
    p_0 = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    q = between(name, 0, k)[:TOKENS]
    for x_t in range(size):
        joint = p_0 * q[:, x_t]
        if not joint.sum() or (name == "absorbing" and x_t != MASK):
            continue
        logits = (joint / joint.sum()).log()[None, None]
        logits = torch.nn.functional.pad(logits, (0, size - TOKENS), value=-torch.inf)
        left = chain.leave_out(logits, torch.tensor([[x_t]]), at(k)[None, None])
        torch.testing.assert_close(left.softmax(-1)[0, 0, :TOKENS], p_0)


@pytest.mark.parametrize(("s", "t"), [(0, 1), (1, 4), (3, 5), (4, 5)])
def test_noise_keeps_what_stands_there_as_the_chain_does(s, t):
    chain = CHAINS["uniform"][0]
    u = (torch.arange(3600, dtype=torch.float64) + 0.5) / 3600
    for x_t in range(TOKENS):
        drawn = chain.renoise(torch.full((3600,), x_t), at(t), at(s), u)
        share = torch.bincount(drawn, minlength=3).double() / 3600
        torch.testing.assert_close(share, between("uniform", s, t)[x_t], atol=1e-3, rtol=0)
    masks = CHAINS["absorbing"][0].renoise(torch.tensor([0, 1, MASK]), at(t), at(s), u[:3])
    assert masks.tolist() == [MASK] * 3
