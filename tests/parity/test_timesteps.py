"""The loss-aware sampler of time steps, batch after batch."""

from __future__ import annotations

import torch

from diffuseq.timesteps import LossSecondMoment


def test_probabilities_and_weights(golden):
    given = golden("timesteps")
    steps, batch = given["diffusion_steps"], given["batch"]
    drawer = LossSecondMoment(steps)
    t, losses = given.tensor("t", torch.int64) + 1, given.tensor("losses", torch.float64)
    changes = 0
    batches = zip(t.split(batch), losses.split(batch), given["probabilities"], strict=True)
    for times, values, expected in batches:
        drawer.observe(times, values)
        p = drawer.probabilities()
        torch.testing.assert_close(p, torch.tensor(expected, dtype=p.dtype), atol=1e-12, rtol=0)
        changes += expected[0] != 1 / steps
    assert 1 < changes < len(given["probabilities"])
    middle = p.cumsum(0) - p / 2
    drawn, weight = drawer.draw(middle)
    assert drawn.tolist() == list(range(1, steps + 1))
    torch.testing.assert_close(weight.float(), given.tensor("factor"), atol=1e-5, rtol=0)
