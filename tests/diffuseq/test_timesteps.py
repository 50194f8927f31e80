from __future__ import annotations

from collections import deque

import pytest
import torch

from diffuseq.timesteps import HISTORY, UNIFORM_SHARE, LossSecondMoment, UniformTimesteps


def warm(drawer: LossSecondMoment, losses: torch.Tensor) -> None:
    """Give every step ten equal losses."""
    t = torch.arange(1, len(losses) + 1)
    for _ in range(HISTORY):
        drawer.observe(t, losses)


def test_uniform_covers_all_steps_evenly() -> None:
    drawer = UniformTimesteps(5)
    u = torch.tensor([0.0, 0.19, 0.2, 0.999999, 1 - 2**-53], dtype=torch.float64)
    t, weight = drawer.draw(u)
    assert t.tolist() == [1, 1, 2, 5, 5]
    assert weight.tolist() == [1.0] * 5


def test_known_probabilities_and_weights() -> None:
    drawer = LossSecondMoment(4)
    losses = torch.tensor([1.0, 2.0, 3.0, 4.0])
    warm(drawer, losses)
    expected = (1 - UNIFORM_SHARE) * losses.double() / 10 + UNIFORM_SHARE / 4
    torch.testing.assert_close(drawer.probabilities(), expected)
    # 0.1, 0.2, 0.3, 0.4 of the line, to within the uniform share.
    t, weight = drawer.draw(torch.tensor([0.0, 0.05, 0.25, 0.5, 0.95]).double())
    assert t.tolist() == [1, 1, 2, 3, 4]
    torch.testing.assert_close(weight, 1 / (4 * expected[t - 1]))


def test_the_expected_loss_is_that_of_uniform_steps() -> None:
    drawer = LossSecondMoment(4)
    losses = torch.tensor([0.3, 5.0, 0.01, 2.0]).double()
    warm(drawer, losses)
    u = (torch.arange(200_000).double() + 0.5) / 200_000
    t, weight = drawer.draw(u)
    assert (weight * losses[t - 1]).mean().item() == pytest.approx(losses.mean().item(), rel=1e-3)


def test_uniform_until_every_step_has_its_history() -> None:
    drawer = LossSecondMoment(3)
    uniform = torch.full((3,), 1 / 3, dtype=torch.float64)
    warm(drawer, torch.tensor([1.0, 2.0, 3.0])[:2])
    drawer.observe(torch.full((HISTORY - 1,), 3), torch.ones(HISTORY - 1))
    torch.testing.assert_close(drawer.probabilities(), uniform)
    drawer.observe(torch.tensor([3]), torch.tensor([1.0]))
    assert not torch.allclose(drawer.probabilities(), uniform)


def test_history_equals_a_queue_of_ten_per_step() -> None:
    generator = torch.Generator().manual_seed(0)
    drawer = LossSecondMoment(3)
    queues = [deque[float](maxlen=HISTORY) for _ in range(3)]
    for size in (1, 4, 40, 7, 25):  # batches of 40 put more than ten losses on one step
        t = torch.randint(1, 4, (size,), generator=generator)
        losses = torch.rand(size, generator=generator)
        drawer.observe(t, losses)
        for step, loss in zip(t.tolist(), losses.tolist(), strict=True):
            queues[step - 1].append(loss)
    for row, queue in zip(drawer.history, queues, strict=True):
        assert sorted(row.tolist()) == sorted(queue)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_left_out(bad: float) -> None:
    drawer = LossSecondMoment(2)
    warm(drawer, torch.tensor([1.0, 3.0]))
    before = drawer.probabilities()
    drawer.observe(torch.tensor([1, 2]), torch.tensor([bad, 3.0]))
    torch.testing.assert_close(drawer.probabilities(), before)


def test_a_resumed_drawer_goes_on_as_an_unbroken_one() -> None:
    generator = torch.Generator().manual_seed(0)
    unbroken, resumed = LossSecondMoment(6), LossSecondMoment(6)
    for round_number in range(30):
        if round_number == 17:
            resumed = LossSecondMoment(6)
            resumed.load_state_dict(unbroken.state_dict())
        u = torch.rand(8, generator=generator, dtype=torch.float64)
        t, weight = unbroken.draw(u)
        losses = t.double() ** 2
        unbroken.observe(t, losses)
        if round_number >= 17:
            again, weight_again = resumed.draw(u)
            assert torch.equal(again, t)
            assert torch.equal(weight_again, weight)
            resumed.observe(again, losses)


def test_the_losses_of_all_processes_are_one_history() -> None:
    whole, part = LossSecondMoment(4), LossSecondMoment(4)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        t = torch.randint(1, 5, (8,), generator=generator)
        losses = torch.rand(8, generator=generator)
        whole.observe(t, losses)
        others = torch.stack((t[3:].double(), losses[3:].double()), 1)
        part.learn_from_all(lambda rows, others=others: torch.cat((rows, others)))
        part.observe(t[:3], losses[:3])
    assert torch.equal(part.history, whole.history)
    assert torch.equal(part.seen, whole.seen)
    part.learn_from_all(None)
    part.observe(torch.tensor([1]), torch.tensor([1.0]))
    assert part.seen.sum() == whole.seen.sum() + 1
