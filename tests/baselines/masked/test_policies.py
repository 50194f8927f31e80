import itertools

import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.policies import State, Transition, ancestral, stratified
from baselines.masked.prediction import Prediction
from benchmark.api import UserError, make_noise

MASK = 3


def test_ancestral_by_hand():
    """From t = 0.8 to s = 0.6 a mask stays with probability 3/4, else x_0 is drawn."""
    u = {"reverse": torch.tensor([[0.74, 0.75 + 0.25 * 0.4, 0.75 + 0.25 * 0.6, 0.99]]).double()}
    logits = torch.tensor([0.5, 0.5, 0.0, 0.0]).log().expand(1, 4, 4)
    state = State(torch.tensor([[MASK, MASK, MASK, 2]]), torch.zeros(1, 4).double())
    transition = Transition(
        t=torch.tensor(0.8, dtype=torch.float64),
        s=torch.tensor(0.6, dtype=torch.float64),
        index=1,
        count=5,
        inside=torch.ones(1, 4, dtype=torch.bool),
        corruption=Absorbing(4, MASK),
        uniform=lambda stream, step: u[stream],
    )
    after = ancestral(state, Prediction(logits), transition)
    assert after.tokens.tolist() == [[MASK, 0, 1, 2]]
    assert torch.equal(after.scores, state.scores)
    assert state.tokens.tolist() == [[MASK, MASK, MASK, 2]], "a policy changes nothing in place"


def run_stratified(steps, length, rows=200, inside=None, corruption=None):
    """States of a run whose network finds every token alike."""
    noise = make_noise(1, [str(row) for row in range(rows)])
    tokens = torch.full((rows, length), MASK)
    states = [tokens]
    inside = torch.ones(rows, length, dtype=torch.bool) if inside is None else inside
    for index in range(steps):
        transition = Transition(
            t=torch.tensor(1 - index / steps, dtype=torch.float64),
            s=torch.tensor(1 - (index + 1) / steps, dtype=torch.float64),
            index=index,
            count=steps,
            inside=inside,
            corruption=corruption or Absorbing(4, MASK),
            uniform=lambda stream, step: noise.uniform((length,), step=step, stream=stream),
        )
        logits = torch.tensor([0.0, 0.0, 0.0, -torch.inf]).expand(rows, length, 4)
        state = stratified(
            State(states[-1], torch.zeros(rows, length)), Prediction(logits), transition
        )
        states.append(state.tokens)
    return states


def test_stratified_masks_fall_once_and_in_turn():
    states = run_stratified(steps=6, length=6)
    for index, (before, after) in enumerate(itertools.pairwise(states)):
        changed = before != after
        assert (before[changed] == MASK).all()
        assert (changed.sum(1) == 1).all(), f"step {index} settles other than one position"


def test_stratified_masks_fall_anywhere():
    first = (run_stratified(steps=6, length=6, rows=3000)[1] != MASK).double().mean(0)
    # Five standard errors of a share of 1/6 in 3,000 rows.
    torch.testing.assert_close(first, torch.full((6,), 1 / 6).double(), atol=0.035, rtol=0)


def test_stratified_shares_out_the_canvas_of_each_row():
    inside = torch.arange(6) < torch.tensor([[2], [6]])
    states = run_stratified(steps=2, length=6, rows=2, inside=inside)
    settled = [((state != MASK) & inside).sum(1).tolist() for state in states]
    assert settled == [[0, 0], [1, 3], [2, 6]]


def test_stratified_without_masks_is_told():
    with pytest.raises(UserError, match="ancestral"):
        run_stratified(steps=1, length=2, rows=1, corruption=Uniform(4))
