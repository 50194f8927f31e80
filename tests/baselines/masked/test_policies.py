import itertools

import pytest
import torch

from baselines.masked.corruption import Absorbing, Uniform
from baselines.masked.policies import (
    POLICIES,
    PolicySettings,
    State,
    Transition,
    ancestral,
    stratified,
)
from baselines.masked.prediction import Prediction
from benchmark.api import UserError, make_noise

MASK = 3


def test_ancestral_by_hand():
    """From t = 0.8 to s = 0.6 a mask stays with probability 3/4, else x_0 is drawn."""
    u = {"reverse": torch.tensor([[0.74, 0.75 + 0.25 * 0.4, 0.75 + 0.25 * 0.6, 0.99]]).double()}
    logits = torch.tensor([0.5, 0.5, 0.0, 0.0]).log().expand(1, 4, 4)
    state = State(
        torch.tensor([[MASK, MASK, MASK, 2]]),
        torch.zeros(1, 4).double(),
        torch.tensor([[True, True, True, False]]),
    )
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
            State(states[-1], torch.zeros(rows, length), states[-1] == MASK),
            Prediction(logits),
            transition,
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


def step(policy, tokens, probabilities, *, s, index=0, count=4, scores=None, noisy=None, u=0.5,
         corruption=None, **settings):  # fmt: skip
    """One step on one row of a four-letter alphabet."""
    row = torch.tensor([tokens])
    t = s + 1 / count
    after = POLICIES[policy](
        State(
            row,
            torch.tensor([scores or [0.0] * len(tokens)], dtype=torch.float64),
            row == MASK if noisy is None else torch.tensor([noisy]),
        ),
        Prediction(torch.tensor([probabilities], dtype=torch.float64).log(), temperature=0.0),
        Transition(
            t=torch.tensor(t, dtype=torch.float64),
            s=torch.tensor(s, dtype=torch.float64),
            index=index,
            count=count,
            inside=torch.ones(1, len(tokens), dtype=torch.bool),
            corruption=corruption or Absorbing(4, MASK),
            uniform=lambda stream, number: torch.as_tensor(u, dtype=torch.float64).expand(
                1, len(tokens)
            ),
            settings=PolicySettings(**settings),
        ),
    )
    return after


SURE, LIKELY, TORN = [0.9, 0.05, 0.05, 0.0], [0.2, 0.7, 0.1, 0.0], [0.3, 0.3, 0.4, 0.0]


def test_mask_predict_masks_the_least_probable_share_again():
    after = step("mask-predict", [MASK] * 4, [SURE, LIKELY, TORN, SURE], s=0.5)
    assert after.tokens.tolist() == [[0, MASK, MASK, 0]]
    # A token that stays keeps the score of the step in which it was written.
    after = step(
        "mask-predict", [0, MASK, 1, 0], [TORN, LIKELY, TORN, TORN], s=0.25, index=2,
        scores=[-0.1, 0.0, -2.0, -0.2],
    )  # fmt: skip
    assert after.tokens.tolist() == [[0, 1, MASK, 0]]
    torch.testing.assert_close(after.scores[0, 1], torch.tensor(0.7).double().log())


def test_mask_predict_ends_with_words():
    after = step("mask-predict", [MASK, 1], [SURE, TORN], s=0.0, index=3)
    assert after.tokens.tolist() == [[0, 1]] and not after.noisy.any()


def test_a_tenth_of_ten_is_one():
    """1 - 9/10 is a little less than a tenth in floating point."""
    after = step("mask-predict", [MASK] * 10, [SURE] * 9 + [TORN], s=1 - 9 / 10, count=10)
    assert (after.tokens == MASK).sum() == 1


def test_confidence_believes_the_sure_and_at_least_the_best():
    after = step("confidence", [MASK] * 4, [SURE, LIKELY, TORN, SURE], s=0.5, threshold=0.8)
    assert after.tokens.tolist() == [[0, MASK, MASK, 0]]
    assert after.noisy.tolist() == [[False, True, True, False]]
    after = step("confidence", [2, MASK, MASK], [SURE, LIKELY, TORN], s=0.5, threshold=0.99)
    assert after.tokens.tolist() == [[2, 1, MASK]]
    after = step("confidence", [2, MASK, MASK], [SURE, LIKELY, TORN], s=0.0, index=3)
    assert after.tokens.tolist() == [[2, 1, 2]]


def test_routing_turns_the_worst_into_noise_and_keeps_what_was_found():
    """The second position was found and is scored anew; the third is found now."""
    after = step("routed", [MASK, 0, MASK, 1], [TORN, SURE, SURE, LIKELY], s=0.25)
    assert after.tokens.tolist() == [[MASK, 0, 0, 1]]
    after = step("routed", [0, 2, MASK, 1], [TORN, SURE, SURE, SURE], s=0.25)
    assert after.tokens.tolist() == [[MASK, 2, 0, 1]], "a token keeps its place, not its letter"


def test_routing_without_masks_remembers_what_is_noise():
    after = step(
        "routed", [3, 2, 1], [SURE, SURE, TORN], s=1 / 3, noisy=[True, False, False], u=0.99,
        corruption=Uniform(4),
    )  # fmt: skip
    assert after.tokens.tolist() == [[0, 2, 3]] and after.noisy.tolist() == [[False, False, True]]


def test_remdm_by_hand():
    """From t = 0.5 to s = 0.25 with sigma 0.2: a mask falls with (0.75 - 0.8 * 0.5) / 0.5."""
    fall = (0.75 - 0.8 * 0.5) / 0.5
    rows = [[MASK, 1]], [SURE, SURE]
    for u, expected in [(0.19, [0, MASK]), (0.21, [0, 1]), (fall + 1e-6, [MASK, 1])]:
        after = step("remdm", rows[0][0], rows[1], s=0.25, u=u, remask=0.2)
        assert after.tokens.tolist() == [expected], u


def test_remdm_keeps_the_marginals_of_the_chain():
    """Whatever sigma: the share of masks at s is s, from (1 - t) found and t masked at t."""
    for t, s in itertools.pairwise([1.0, 0.7, 0.4, 0.1, 0.0]):
        for remask in (0.0, 0.3, 1.0):
            sigma = min(remask, 1.0 if t == 1 else min(1.0, s / (1 - t)))
            count = 1 / (t - s)

            def masked(token, s=s, count=count, remask=remask):
                """The share of positions that are masked after a step, one for each u."""
                after = step(
                    "remdm", [token] * 2000, [SURE] * 2000, s=s, count=count,
                    u=(torch.arange(2000) + 0.5) / 2000, remask=remask,
                )  # fmt: skip
                return (after.tokens == MASK).double().mean().item()

            stays = masked(MASK)
            rises = masked(1) if t < 1 else 0.0
            assert rises == pytest.approx(sigma if t < 1 else 0.0, abs=1e-3)
            assert t * stays + (1 - t) * rises == pytest.approx(s, abs=2e-3)


@pytest.mark.parametrize("policy", ["stratified", "remdm", "mask-predict", "confidence"])
def test_policies_of_masks_say_so(policy):
    with pytest.raises(UserError, match="needs masks"):
        step(policy, [1], [SURE], s=0.5, corruption=Uniform(4))


def test_a_routed_step_without_masks_by_enumeration():
    """Every combination of draws of two positions, against the process as the paper writes it.

    Of two positions the one with the lower score becomes noise: x_t with probability
    alpha_t / alpha_s, else any id. All masses are eighths, so midpoints of eighths are exact.
    """
    p_0 = torch.tensor([[0.5, 0.25, 0.125, 0.125], [0.125, 0.625, 0.125, 0.125]])
    x_t, noisy, kept = [3, 0], [True, False], 0.5
    expected = torch.zeros(4, 4, 2, 2, dtype=torch.float64)
    for drawn in itertools.product(range(4), repeat=2):
        weight = float(p_0[0, drawn[0]] * p_0[1, drawn[1]])
        # The first of equals is the lowest.
        lowest = 0 if p_0[0, drawn[0]] <= p_0[1, drawn[1]] else 1
        other = 1 - lowest
        after = list(x_t)
        if noisy[other]:
            after[other] = drawn[other]
        for noise in range(4):
            after[lowest] = noise
            share = kept * (noise == x_t[lowest]) + (1 - kept) / 4
            expected[after[0], after[1], int(lowest == 0), int(lowest == 1)] += weight * share
    grid = (torch.arange(8, dtype=torch.float64) + 0.5) / 8
    u = torch.cartesian_prod(grid, grid, grid, grid)
    draws = {"reverse": u[:, :2], "noise": u[:, 2:]}
    rows = len(u)
    state = State(
        torch.tensor([x_t]).expand(rows, 2),
        torch.zeros(rows, 2, dtype=torch.float64),
        torch.tensor([noisy]).expand(rows, 2),
    )
    # alpha_t / alpha_s is 1/2, and half of the positions become noise.
    t, s = (torch.tensor(time, dtype=torch.float64) for time in (0.75, 0.5))
    transition = Transition(
        t, s, 0, 4, torch.ones(rows, 2, dtype=torch.bool), Uniform(4),
        lambda stream, number: draws[stream],
    )  # fmt: skip
    after = POLICIES["routed"](state, Prediction(p_0.log().expand(rows, 2, 4)), transition)
    found = torch.zeros_like(expected)
    for (a, b), (m, n) in zip(after.tokens.tolist(), after.noisy.tolist(), strict=True):
        found[a, b, int(m), int(n)] += 1 / rows
    torch.testing.assert_close(found, expected)
