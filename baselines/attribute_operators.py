"""Attribute operators: small classifiers p(a | x), one an attribute, fitted to few labels.

What x is, the guided system decides: a latent, or a prefix and the token that follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark import api


@dataclass(frozen=True)
class OperatorRecipe(api.Settings):
    """How the operators are fitted to labelled inputs."""

    hidden: api.Whole = 0
    """Width of the hidden layer; 0 = a linear classifier."""
    noise: api.NotNegative = 0.5
    """Standard deviation of the noise on an input, in standard deviations of the inputs."""
    updates: api.Count = 500
    learning_rate: api.NotNegative = 1.0e-2
    weight_decay: api.NotNegative = 1.0e-4


class Operator(nn.Module):
    """log p(value | x) of one attribute, in units of the standard deviation of the inputs.

    Args:
        inputs: dimensions of x.
        values: number of values of the attribute.
        hidden: width of the hidden layer; 0 = none.
    """

    def __init__(self, inputs: int, values: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden) if hidden else None
        self.out = nn.Linear(hidden or inputs, values)

    @property
    def first(self) -> nn.Linear:
        """The layer that reads x."""
        return self.hidden or self.out

    def forward(self, x: Tensor) -> Tensor:
        """`(..., values)` of inputs `(..., inputs)`."""
        return self.after_first(self.first(x))

    def after_first(self, first: Tensor) -> Tensor:
        """`(..., values)` of what the first layer gave."""
        out = first if self.hidden is None else self.out(torch.tanh(first))
        return functional.log_softmax(out, dim=-1)

    def gradient(self, x: Tensor, value: Tensor) -> Tensor:
        """D log p(value | x) / dx `(rows, inputs)`, written out: it needs no graph."""
        h = x if self.hidden is None else torch.tanh(self.hidden(x))
        p = torch.softmax(self.out(h), dim=-1)
        upward = self.out.weight[value] - p @ self.out.weight
        if self.hidden is None:
            return upward
        return (upward * (1 - h.square())) @ self.hidden.weight


class AttributeOperators(nn.Module):
    """The operators of all attributes.

    Inputs are standardised by `mean` and `scale` before an operator sees them.

    Args:
        attributes: the values of every attribute.
        inputs: dimensions of what is classified.
        recipe: brings the width of the hidden layer.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, attributes: Mapping[str, Sequence[str]], inputs: int, recipe: OperatorRecipe
    ) -> None:
        super().__init__()
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.of = nn.ModuleDict(
            {
                api.module_name(name): Operator(inputs, len(values), recipe.hidden)
                for name, values in attributes.items()
            }
        )
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))

    def operator(self, attribute: str) -> Operator:
        """The operator of one attribute."""
        return cast("Operator", self.of[api.module_name(attribute)])

    def save(self, path: Path) -> None:
        """Write `attributes.json` and `model.safetensors` into the folder `path`."""
        api.save_operators(path, self.attributes, self)

    @classmethod
    def load(cls, path: Path, inputs: int, recipe: OperatorRecipe, device: str) -> Self:
        """Read what `save` wrote.

        Raises:
            UserError: if a file is missing or does not fit.
        """
        attributes = api.read_attributes(path)
        operators = cls(attributes, inputs, recipe)
        api.load_weights(path, operators, device)
        return operators.requires_grad_(False)

    def index(self, labels: Sequence[Mapping[str, str]]) -> dict[str, Tensor]:
        """By attribute the indices of the values in `labels`, `(n,)`; -1 where there is none."""
        return api.index_labels(self.attributes, labels, self.mean.device)

    def fit(
        self,
        inputs: Tensor,
        labels: Mapping[str, Tensor],
        recipe: OperatorRecipe,
        generator: torch.Generator,
        *,
        batch: int | None = None,
    ) -> None:
        """Fit every operator to its labels.

        Args:
            inputs: `(rows, inputs)`.
            labels: by attribute the index of its value, `(rows,)`; -1 where it is not labelled.
            recipe: noise and optimiser.
            generator: of initial weights and noise.
            batch: rows that are drawn for an update where there are more; None = all of them.
        """
        standard = (inputs - self.mean) / self.scale
        for name in self.attributes:
            operator, known = self.operator(name), labels[name] >= 0
            all_x, all_y = standard[known], labels[name][known]
            for weight in operator.parameters():
                spread = weight.size(-1) ** -0.5 if weight.ndim > 1 else 0.0
                weight.data.copy_(torch.randn(weight.shape, generator=generator) * spread)
            if not len(all_x):
                # Without a label nothing is known: all values are alike everywhere.
                operator.out.weight.data.zero_()
                continue
            optimizer = torch.optim.AdamW(
                operator.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
            )
            for _ in range(recipe.updates):
                x, y = all_x, all_y
                if batch is not None and batch < len(x):
                    drawn = torch.randint(len(x), (batch,), generator=generator).to(x.device)
                    x, y = x[drawn], y[drawn]
                noise = torch.randn(x.shape, generator=generator).to(x.device)
                loss = functional.nll_loss(operator(x + recipe.noise * noise), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
