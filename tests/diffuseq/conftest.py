"""A moment of training, for tests that need a system which has learnt its few pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from benchmark.api import Example, make_noise
from diffuseq.system import DiffuSeq

Teach = Callable[[DiffuSeq, Sequence[Example], int], None]


@pytest.fixture(scope="package")
def teach() -> Teach:
    """Train on all examples; see `_teach`."""
    return _teach


def _teach(system: DiffuSeq, examples: Sequence[Example], updates: int) -> None:
    """Train on all `examples`, twice in each batch; the rate falls in the second half."""
    optimiser = torch.optim.AdamW(system.module.parameters(), lr=3e-3)
    batch = system.collate([*examples, *examples])
    ids = [str(i) for i in range(2 * len(examples))]
    for update in range(updates):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, (updates - update) / (updates // 2))
        system.loss(batch, make_noise(update, ids)).total.backward()
        optimiser.step()
        optimiser.zero_grad()
    system.module.eval()
