"""The bound against sums over everything, for a tiny model."""

import itertools
import math

import numpy
import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.objective import (
    WEIGHTS,
    Corrupted,
    all_lost,
    by_count,
    continuous_bound,
    cross_entropy,
    falling,
    in_continuous_time,
    on_lattice,
    variational_bound,
)

MASK = 2
X_0 = (0, 1)


def model(x_t, size):
    """log p(x_0|x_t) of a fixed network that looks at all positions."""
    generator = torch.Generator().manual_seed(hash(tuple(x_t)) % 2**31)
    scores = torch.randn(len(x_t), size, generator=generator, dtype=torch.float64)
    if size == 3:
        scores[:, MASK] = -torch.inf
    return scores.log_softmax(-1)


CHAINS = {"absorbing": (Absorbing(3, MASK), 3), "uniform": (Uniform(2), 2)}


def marginal(chain, size, x_0, x_t, t):
    """q(x_t|x_0) of one sequence by its definition."""
    total = 1.0
    for a, b in zip(x_0, x_t, strict=True):
        lost = float(b == MASK) if isinstance(chain, Absorbing) else 1 / size
        total *= (1 - t) * float(a == b) + t * lost
    return total


def expected_bound(name, timesteps):
    """The mean of `variational_bound` over times and corruptions, both enumerated."""
    chain, size = CHAINS[name]
    total = 0.0
    for k in range(1, timesteps + 1):
        t = k / timesteps
        for x_t in itertools.product(range(size), repeat=2):
            weight = marginal(chain, size, X_0, x_t, t)
            if weight:
                case = Corrupted(
                    torch.tensor([X_0]),
                    torch.tensor([x_t]),
                    torch.tensor([[t]], dtype=torch.float64),
                    model(x_t, size)[None],
                )
                total += weight * float(variational_bound(chain, case, timesteps).sum())
    return total / timesteps


def step_probability(chain, x_s, x_t, t, s, size):
    """p(x_s|x_t) of the reverse process."""
    p = chain.posterior(
        torch.tensor([x_t]),
        model(x_t, size).exp()[None],
        torch.tensor(t, dtype=torch.float64),
        torch.tensor(s, dtype=torch.float64),
    )[0]
    return math.prod(float(p[i, token]) for i, token in enumerate(x_s))


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("timesteps", [1, 2, 3])
def test_bound_is_the_expected_log_ratio_of_whole_paths(name, timesteps):
    """-ELBO = sum over paths of q(x_1..x_T|x_0) log q(x_1..x_T|x_0) / p(x_0..x_T)."""
    chain, size = CHAINS[name]
    states = list(itertools.product(range(size), repeat=2))
    prior = {
        x: float(all(t == MASK for t in x)) if name == "absorbing" else 1 / size**2 for x in states
    }
    total = 0.0
    for path in itertools.product(states, repeat=timesteps):
        whole = (X_0, *path)
        # q factorises forwards; the one-step kernels come from the marginals of the chain.
        q, p = 1.0, prior[path[-1]]
        for k in range(1, timesteps + 1):
            beta = 1 / (timesteps - k + 1)
            q *= marginal(chain, size, whole[k - 1], whole[k], beta)
        if not q:
            continue
        for k in range(1, timesteps + 1):
            p *= step_probability(
                chain, whole[k - 1], whole[k], k / timesteps, (k - 1) / timesteps, size
            )
        total += q * math.log(q / p)
    assert expected_bound(name, timesteps) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("name", CHAINS)
def test_bound_is_above_the_exact_negative_log_likelihood(name):
    chain, size = CHAINS[name]
    timesteps = 3
    states = list(itertools.product(range(size), repeat=2))
    mass = {
        x: float(all(t == MASK for t in x)) if name == "absorbing" else 1 / size**2 for x in states
    }
    for k in range(timesteps, 0, -1):
        mass = {
            x_s: sum(
                m * step_probability(chain, x_s, x_t, k / timesteps, (k - 1) / timesteps, size)
                for x_t, m in mass.items()
                if m
            )
            for x_s in states
        }
    assert sum(mass.values()) == pytest.approx(1.0)
    assert expected_bound(name, timesteps) >= -math.log(mass[X_0]) - 1e-12


def test_bound_at_growing_timesteps_approaches_the_continuous_one():
    """The integral over t of E[sum over masks of the cross entropy] / t (arXiv 2406.07524)."""
    both, first, second = (model(x, 3) for x in ((MASK, MASK), (MASK, 1), (0, MASK)))
    a = -float(both[0, 0] + both[1, 1])
    b = -float(first[0, 0] + second[1, 1])
    # q(both masked) = t^2, q(one masked) = t (1 - t): the integrals of t and 1 - t are 1/2.
    continuous = 0.5 * a + 0.5 * b
    gaps = [abs(expected_bound("absorbing", T) - continuous) for T in (1, 4, 16, 64, 256)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.005
    assert gaps[-2] / gaps[-1] == pytest.approx(4, rel=0.01), "the gap falls with 1/T"


def test_cross_entropy_counts_the_unsettled_alone():
    chain = Absorbing(3, MASK)
    log_p = torch.tensor([[[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]]]).log()
    case = Corrupted(
        torch.tensor([[0, 1]]), torch.tensor([[0, MASK]]), torch.tensor([[0.5]]), log_p
    )
    torch.testing.assert_close(cross_entropy(chain, case), torch.tensor([[0.0, -math.log(0.75)]]))


def spread(rows):
    """Uniforms `(rows, 1)` that share out the interval."""
    return (torch.arange(rows, dtype=torch.float64) + 0.5)[:, None] / rows


def noise_canvases(noising, rows=100, length=4, inside=None):
    x_0 = torch.zeros(rows, length, dtype=torch.int64)
    inside = torch.ones_like(x_0, dtype=torch.bool) if inside is None else inside
    u_x = torch.rand(rows, length, generator=torch.Generator().manual_seed(1)).double()
    return noising(Absorbing(3, MASK), x_0, inside, spread(rows), u_x, 5)


def test_lattice_times_are_each_as_probable():
    times, counts = noise_canvases(on_lattice).t.unique(return_counts=True)
    assert times.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert counts.tolist() == [20] * 5


def test_continuous_times_spread_over_the_interval():
    t = noise_canvases(in_continuous_time).t
    assert t.min() > 0 and t.max() <= 1
    assert float(t.mean()) == pytest.approx(0.5, abs=0.01)


def test_each_number_of_masks_comes_as_often():
    inside = torch.tensor([False, True, True, True, True]).expand(100, -1)
    noised = noise_canvases(by_count, length=5, inside=inside)
    masks = noised.x_t == MASK
    assert not masks[:, 0].any()
    counts, times = masks.sum(1).unique(return_counts=True)
    assert counts.tolist() == [1, 2, 3, 4] and times.tolist() == [25] * 4
    torch.testing.assert_close(noised.t.squeeze(1), masks.sum(1) / 4.0, check_dtype=False)
    assert (masks.sum(0)[1:] > 40).all(), "any of them is masked"


def test_nothing_is_left_inside():
    inside = torch.tensor([False, True, True, False]).expand(100, -1)
    noised = noise_canvases(all_lost, inside=inside)
    assert torch.equal(noised.x_t == MASK, inside) and (noised.t == 1).all()


@pytest.mark.slow
def test_the_bound_grows_into_the_continuous_one():
    """With T steps the bound is a sum whose limit is the integral of the continuous one."""
    continuous = expected_continuous_bound()
    bounds = [expected_bound("absorbing", timesteps) for timesteps in (2, 8, 64, 512)]
    gaps = [abs(bound - continuous) for bound in bounds]
    # The error of a sum over intervals falls as 1/T.
    assert gaps[1] / gaps[2] == pytest.approx(8, rel=0.2)
    assert gaps[2] / gaps[3] == pytest.approx(8, rel=0.05)
    assert gaps[3] < 2e-3 * continuous


def expected_continuous_bound():
    """The mean of `continuous_bound` over corruptions, by quadrature over t."""
    nodes, weights = map(torch.tensor, numpy.polynomial.legendre.leggauss(40))
    total = 0.0
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        t = float(node)
        for x_t in itertools.product((0, 1, MASK), repeat=2):
            q = marginal(CHAINS["absorbing"][0], 3, X_0, x_t, t)
            if q:
                case = Corrupted(
                    torch.tensor([X_0]),
                    torch.tensor([x_t]),
                    torch.tensor([[t]], dtype=torch.float64),
                    model(x_t, 3)[None],
                )
                loss = continuous_bound(CHAINS["absorbing"][0], case, 1).sum()
                total += float(weight) * q * float(loss)
    return total


def test_weight_of_rdm_falls_with_time_by_hand():
    log_p = torch.tensor([0.5, 0.25, 0.25]).log().expand(1, 3, 3).double()
    case = Corrupted(
        torch.tensor([[0, 1, 1]]),
        torch.tensor([[2, 1, 0]]),
        torch.tensor([[0.6]], dtype=torch.float64),
        log_p,
    )
    loss = falling(Uniform(3), case, 5)
    # 1 - (0.6 - 0.2): the first step has weight 1, the last 1/T.
    expected = [[0.6 * math.log(2), 0.0, 0.6 * math.log(4)]]
    torch.testing.assert_close(loss, torch.tensor(expected).double())


def test_smoothing_spreads_a_share_over_what_can_be_predicted():
    """The mask has no mass; torch's own loss over the other ids is the oracle."""
    chain = Absorbing(3, MASK)
    logits = torch.tensor([[[0.3, -0.2, -torch.inf], [1.0, 0.5, -torch.inf]]], dtype=torch.float64)
    x_0, x_t = torch.tensor([[0, 1]]), torch.tensor([[MASK, MASK]])
    case = Corrupted(x_0, x_t, torch.tensor([[0.5]]), logits.log_softmax(-1), 0.1)
    expected = torch.nn.functional.cross_entropy(
        logits[0, :, :2], x_0[0], reduction="none", label_smoothing=0.1
    )
    torch.testing.assert_close(cross_entropy(chain, case)[0], expected)
    # t = 1/2 of T = 2 steps: the weight of RDM is 1, that of continuous time 2.
    torch.testing.assert_close(WEIGHTS["weighted_nll"](chain, case, 2)[0], expected)
    torch.testing.assert_close(WEIGHTS["continuous_bound"](chain, case, 2)[0], 2 * expected)
