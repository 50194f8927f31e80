"""Muon in float32, all matrices of a shape at once, against torch's own in bfloat16.

Both move matrices of the shapes of a network of suite `mini` along the same gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmark.experiment.recipes import TrainingRecipe
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.speed_result import Result
from benchmark.training.optimiser import make_muon

SHAPES = [(96, 96)] * 8 + [(192, 96)] * 6 + [(288, 96)] * 4 + [(96, 192)] * 4
"""Of `transformer` in suite `mini`: queries, keys and values of a layer are one matrix."""
STEPS = 3
"""Of Newton and Schulz."""


def measure(name: str, *, repeats: int) -> Result:
    """The measurement `muon`."""
    return measure_shapes(name, SHAPES, updates=20, repeats=repeats)


def measure_shapes(
    name: str, shapes: Sequence[tuple[int, int]], *, updates: int, repeats: int
) -> Result:
    """Updates of matrices of the given shapes on both sides."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(shape, generator=generator) for shape in shapes]
    gradients = [torch.randn(shape, generator=generator) for shape in shapes]
    recipes = {
        "muon": TrainingRecipe(newton_schulz_steps=STEPS, muon_precision="float32"),
        "Muon (torch)": TrainingRecipe(newton_schulz_steps=STEPS, muon_precision="bfloat16"),
    }
    ours, theirs = (
        _build(side, [nn.Parameter(w.clone()) for w in weights], gradients, updates, recipe)
        for side, recipe in recipes.items()
    )
    return Result(
        name,
        *alternate(ours, theirs, sentences=updates, repeats=repeats),
        f"{len(shapes)} matrices of {', '.join(f'{m} by {n}' for m, n in dict.fromkeys(shapes))};"
        f" {STEPS} steps of Newton and Schulz; the network itself is not called",
        unit="updates",
    )


def _build(
    side: str,
    matrices: Sequence[nn.Parameter],
    gradients: Sequence[Tensor],
    updates: int,
    recipe: TrainingRecipe,
) -> Contender:
    for matrix, gradient in zip(matrices, gradients, strict=True):
        matrix.grad = gradient.clone()
    optimiser = make_muon(matrices, recipe)

    def run() -> list[Tensor]:
        for _ in range(updates):
            optimiser.step()
        return [matrix.detach() for matrix in matrices]

    return Contender(side, run)
