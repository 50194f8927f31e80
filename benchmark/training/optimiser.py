"""The optimiser of a training: AdamW, or Muon on the matrices of layers and AdamW on the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Optimizer

from benchmark.experiment.recipes import TrainingRecipe
from benchmark.training.muon import Muon


class Optimisers:
    """Several optimisers, each of some of the weights, used as one."""

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        self.parts = tuple(parts)

    def set_rate(self, rate: float) -> None:
        """Give all weights a learning rate."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate

    def step(self) -> None:
        """Change the weights by their gradients."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` restores; that of a single optimiser is its own."""
        if len(self.parts) == 1:
            return self.parts[0].state_dict()
        return {str(number): part.state_dict() for number, part in enumerate(self.parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the optimisers were that gave this state."""
        if len(self.parts) == 1:
            self.parts[0].load_state_dict(state)
            return
        for number, part in enumerate(self.parts):
            part.load_state_dict(state[str(number)])


def make_optimisers(module: nn.Module, recipe: TrainingRecipe) -> tuple[Optimizer, ...]:
    """The optimisers of the weights of a module, as the recipe sets.

    Args:
        module: the weights that are trained.
        recipe: with `optimiser: muon`, the matrices of layers are moved by Muon, scaled so that
            their steps are as large as those of AdamW: one learning rate serves both. With fewer
            `newton_schulz_steps` the update is less orthogonal and cheaper.

    Source: arXiv 1711.05101 (AdamW); arXiv 2502.16982, eq. 4 (Muon beside AdamW).
    """
    matrices = list(layer_matrices(module)) if recipe.optimiser == "muon" else []
    taken = {id(matrix) for matrix in matrices}
    rest = [weight for weight in module.parameters() if id(weight) not in taken]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    betas = recipe.beta_1, recipe.beta_2
    parts: list[Optimizer] = []
    if rest:
        parts.append(AdamW(rest, lr=rate, betas=betas, weight_decay=decay, fused=True))
    if matrices:
        parts.append(make_muon(matrices, recipe))
    return tuple(parts)


def make_muon(matrices: Sequence[nn.Parameter], recipe: TrainingRecipe) -> Optimizer:
    """Muon for matrices, in the precision of the recipe, with steps as large as those of AdamW."""
    rate, decay, steps = recipe.learning_rate, recipe.weight_decay, recipe.newton_schulz_steps
    if recipe.muon_precision == "float32":
        return Muon(matrices, lr=rate, weight_decay=decay, steps=steps)
    return torch.optim.Muon(
        matrices, lr=rate, weight_decay=decay, ns_steps=steps, adjust_lr_fn="match_rms_adamw"
    )


def layer_matrices(module: nn.Module) -> Iterator[nn.Parameter]:
    """The matrices of linear layers, each once, without those that are tables of words as well.

    Tables of words, of positions and what is not a matrix are left to AdamW. Small heads that are
    no tables, such as that of lengths, are among the layers.
    """
    seen = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    for part in module.modules():
        # Conv1D is the linear layer of transformers' GPT-2; other trainings do not import it.
        is_linear = isinstance(part, nn.Linear) or type(part).__name__ == "Conv1D"
        weight = getattr(part, "weight", None)
        if is_linear and isinstance(weight, nn.Parameter) and id(weight) not in seen:
            seen.add(id(weight))
            yield weight
