import itertools

import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.grid import decreasing_times
from baselines.masked.lengths import Canvas
from baselines.masked.sampling import sample
from benchmark.api import make_noise

PAD, MASK, LENGTH = 0, 4, 6
FORBIDDEN = torch.tensor([MASK])


def run(denoise, nfe, *, rows=8, corruption=None, inside=None, grid="linear", noise=None, **more):
    inside = torch.ones(rows, LENGTH, dtype=torch.bool) if inside is None else inside
    return sample(
        denoise,
        corruption or Absorbing(5, MASK),
        "ancestral",
        decreasing_times(grid, nfe),
        noise or make_noise(1, [str(r) for r in range(rows)]),
        canvas=Canvas(inside, torch.full(inside.shape, PAD), None),
        forbidden=FORBIDDEN,
        **more,
    ).tokens


def flat(x_t, t):
    """All tokens alike, the mask most of all: it must be forbidden from outside."""
    logits = torch.zeros(*x_t.shape, 5)
    logits[..., MASK] = 9.0
    return logits


@pytest.mark.parametrize("nfe", [1, 2, 5, 40])
@pytest.mark.parametrize("chain", [Absorbing(5, MASK), Uniform(5)])
def test_calls_are_the_intervals_of_the_grid(nfe, chain):
    times = []

    def counting(x_t, t):
        times.append(t[0].item())
        return flat(x_t, t)

    x_0 = run(counting, nfe, corruption=chain)
    assert times == decreasing_times("linear", nfe)[:-1].tolist()
    assert not (x_0 == MASK).any()


@pytest.mark.parametrize("grid", ["linear", "cosine"])
def test_masks_fall_once_and_tokens_are_carried_over(grid):
    states = [torch.full((50, LENGTH), MASK)]
    run(flat, 7, rows=50, grid=grid, on_step=lambda i, x: states.append(x.clone()))
    assert len(states) == 8
    for before, after in itertools.pairwise(states):
        settled = before != MASK
        assert torch.equal(before[settled], after[settled])
    left = [(state == MASK).double().mean().item() for state in states]
    # 300 positions: five standard errors of a share are below 0.15.
    assert left == pytest.approx(decreasing_times(grid, 7).tolist(), abs=0.15)


def test_rows_hang_on_nothing_but_their_noise():
    noise = make_noise(3, ["a", "b", "c"], 4)
    together = run(flat, 5, rows=12, noise=noise)
    for row in (0, 5, 11):
        alone = run(flat, 5, rows=1, noise=noise.select(torch.tensor([row])))
        assert torch.equal(alone[0], together[row])
    fewer = run(flat, 5, rows=6, noise=make_noise(3, ["a", "b", "c"], 2))
    assert torch.equal(fewer.view(3, 2, -1), together.view(3, 4, -1)[:, :2])


@pytest.mark.parametrize("chain", [Absorbing(5, MASK), Uniform(5)])
def test_a_certain_network_is_followed(chain):
    target = torch.tensor([1, 2, 3, 2, 1, 0])

    def certain(x_t, t):
        return 50.0 * torch.nn.functional.one_hot(target, 5).float().expand(len(x_t), -1, -1)

    assert torch.equal(run(certain, 4, corruption=chain), target.expand(8, -1))


def test_outside_the_canvas_is_padding():
    inside = torch.arange(LENGTH) < torch.tensor([[2], [6]])
    seen = []
    x_0 = run(flat, 3, rows=2, inside=inside, on_step=lambda i, x: seen.append(x))
    assert (x_0[0, 2:] == PAD).all()


def test_temperature_zero_takes_the_best():
    def leaning(x_t, t):
        logits = flat(x_t, t)
        logits[..., 2] = 0.1
        return logits

    assert (run(leaning, 3, temperature=0.0) == 2).all()


@pytest.mark.slow
def test_a_token_at_a_time_draws_from_the_joint_distribution():
    """Two positions that must agree: at many steps the marginals of the model give the joint."""

    def agreeing(x_t, t):
        logits = torch.full((*x_t.shape, 5), -30.0)
        logits[..., 1:3] = torch.tensor([0.75, 0.25]).log()
        known = x_t.flip(1)
        settled = known != MASK
        chosen = torch.nn.functional.one_hot(known.clamp(max=3), 5) * 60.0 - 30.0
        return torch.where(settled[..., None], chosen, logits)

    rows = 2000
    x_0 = run(agreeing, 400, rows=rows, inside=torch.ones(rows, 2, dtype=torch.bool))
    agree = (x_0[:, 0] == x_0[:, 1]).double().mean()
    # Both fall in one of 400 steps with probability 1/400, and then agree by chance alone.
    assert agree > 0.99
    assert (x_0[:, 0] == 1).double().mean() == pytest.approx(0.75, abs=0.05)
