"""Attribute operators: small classifiers p(a | z) of latents, and the flow along their gradients.

Source: LatentOps, arXiv 2208.00638, sections 3.1 and 3.3.
Deviates: classifiers are fitted to latents with noise (`noise` standard deviations), not to clean
ones. The ODE of the paper is driven by p_t(a | z_t), which a classifier of clean latents is not:
its gradient dies a hair behind its own boundary, and the flow stops there. The released code fits
clean latents through a bottleneck of two dimensions, and keeps the classifier that is best on the
test file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.latent.mixture import GaussianMixture
from baselines.setting_checks import check_at_least_one, check_not_negative
from benchmark import api

_ATTRIBUTES = "attributes.json"

Solver = Literal["rk4", "euler"]


@dataclass(frozen=True)
class OperatorRecipe:
    """How the operators are fitted to labelled latents."""

    components: int = 16
    """Of the mixture of Gaussians that is fitted to all latents; 1 = a single Gaussian."""
    hidden: int = 0
    """Width of the hidden layer; 0 = a linear classifier."""
    noise: float = 0.5
    """Standard deviation of the noise on a latent, in standard deviations of the latents."""
    updates: int = 500
    learning_rate: float = 1.0e-2
    weight_decay: float = 1.0e-4

    def __post_init__(self) -> None:
        check_at_least_one("operators", self, "updates", "components")
        check_not_negative("operators", self, "hidden", "noise", "learning_rate", "weight_decay")


class Operator(nn.Module):
    """log p(value | z) of one attribute, in units of the standard deviation of the latents.

    Args:
        latent: dimensions of z.
        values: number of values of the attribute.
        hidden: width of the hidden layer; 0 = none.
    """

    def __init__(self, latent: int, values: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(latent, hidden) if hidden else None
        self.out = nn.Linear(hidden or latent, values)

    def forward(self, z: Tensor) -> Tensor:
        """`(rows, values)` of latents `(rows, latent)`."""
        h = z if self.hidden is None else torch.tanh(self.hidden(z))
        return functional.log_softmax(self.out(h), dim=-1)

    def gradient(self, z: Tensor, value: Tensor) -> Tensor:
        """D log p(value | z) / dz `(rows, latent)`, written out: it needs no graph."""
        h = z if self.hidden is None else torch.tanh(self.hidden(z))
        p = torch.softmax(self.out(h), dim=-1)
        upward = self.out.weight[value] - p @ self.out.weight
        if self.hidden is None:
            return upward
        return (upward * (1 - h.square())) @ self.hidden.weight


class Operators(nn.Module):
    """The operators of all attributes, and the prior that is fitted to the latents.

    Latents are standardised by their own standard deviations before an operator sees them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, attributes: Mapping[str, Sequence[str]], latent: int, recipe: OperatorRecipe
    ) -> None:
        super().__init__()
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.of = nn.ModuleDict(
            {
                name: Operator(latent, len(values), recipe.hidden)
                for name, values in attributes.items()
            }
        )
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("scale", torch.ones(latent))
        self.prior = GaussianMixture(recipe.components, latent)

    def save(self, path: Path) -> None:
        """Write `attributes.json` and `model.safetensors` into the folder `path`."""
        from safetensors.torch import save_model

        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.attributes, ensure_ascii=False, indent=2)
        (path / _ATTRIBUTES).write_text(text + "\n", encoding="utf-8")
        save_model(self, str(path / "model.safetensors"))

    @classmethod
    def load(cls, path: Path, latent: int, recipe: OperatorRecipe, device: str) -> Operators:
        """Read what `save` wrote.

        Raises:
            UserError: if a file is missing or does not fit.
        """
        try:
            attributes = json.loads((path / _ATTRIBUTES).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise api.UserError(f"No operators can be read from {path}: {error}.") from error
        operators = cls(attributes, latent, recipe)
        api.load_weights(path, operators, device)
        return operators.requires_grad_(False)

    def fit_prior(self, latents: Tensor, generator: torch.Generator) -> None:
        """The mixture of `latents` `(texts, latent)`, and their means and standard deviations.

        Deviates: the paper trains a GAN; the linear discriminator of the released one sees the mean
        alone.
        """
        exact = latents.double()
        self.mean.copy_(exact.mean(0))
        # Dimensions that the encoder does not use have a variance of nearly nothing.
        self.scale.copy_(exact.var(0, correction=0).sqrt().clamp(min=1e-3))
        self.prior.fit(latents, generator)

    def fit(
        self,
        latents: Tensor,
        labels: Mapping[str, Tensor],
        recipe: OperatorRecipe,
        generator: torch.Generator,
    ) -> None:
        """Fit every operator to its labels.

        Args:
            latents: `(texts, latent)`.
            labels: by attribute the index of its value, `(texts,)`; -1 where it is not labelled.
            recipe: noise and optimiser.
            generator: of initial weights and noise.
        """
        standard = (latents - self.mean) / self.scale
        for name, operator in self.of.items():
            known = labels[name] >= 0
            x, y = standard[known], labels[name][known]
            for weight in operator.parameters():
                spread = weight.size(-1) ** -0.5 if weight.ndim > 1 else 0.0
                weight.data.copy_(torch.randn(weight.shape, generator=generator) * spread)
            if not len(x):
                continue
            optimizer = torch.optim.AdamW(
                operator.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
            )
            for _ in range(recipe.updates):
                noise = torch.randn(x.shape, generator=generator).to(x.device)
                loss = functional.nll_loss(operator(x + recipe.noise * noise), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def forward(self, z: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of d log p(value | z) / dz `(rows, latent)`, standardised z.

        Args:
            z: standardised latents.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        """
        total = torch.zeros_like(z)
        for name, value in wanted.items():
            is_named = value >= 0
            if bool(is_named.any()):
                step = self.of[name].gradient(z, value.clamp(min=0))  # type: ignore[operator]
                total = total + torch.where(is_named[:, None], step, 0.0)
        return total

    def log_prob(self, z: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of log p(value | z) `(rows,)`; arguments as in `forward`."""
        total = z.new_zeros(len(z))
        for name, value in wanted.items():
            found = self.of[name](z).gather(1, value.clamp(min=0)[:, None])[:, 0]
            total = total + torch.where(value >= 0, found, 0.0)
        return total

    def choose(self, z: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """The latent of each row that the operators like best, `(rows, latent)`.

        Args:
            z: `(rows, candidates, latent)`.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        """
        rows, candidates, _ = z.shape
        repeated = {n: value.repeat_interleave(candidates) for n, value in wanted.items()}
        standard = ((z - self.mean) / self.scale).flatten(0, 1)
        best = self.log_prob(standard, repeated).unflatten(0, (rows, candidates)).argmax(1)
        return z[torch.arange(rows, device=z.device), best]

    def flow(
        self,
        z: Tensor,
        wanted: Mapping[str, Tensor],
        *,
        length: float,
        steps: int,
        solver: Solver = "rk4",
    ) -> Tensor:
        """The latents `(rows, latent)` after dz/ds = grad log p(wanted | z) for s from 0 to length.

        The probability-flow ODE of the paper is this gradient ascent: the drift of the prior
        cancels, since every p_t(z) is N(0, I), and with ds = beta(t)/2 dt what is left has the
        length w (beta_0 + beta_1) / 4, 5.025 for the paper's schedule and weight 1.
        """
        x, h = (z - self.mean) / self.scale, length / steps
        for _ in range(steps):
            k1 = self(x, wanted)
            if solver == "euler":
                x = x + h * k1
                continue
            k2 = self(x + h / 2 * k1, wanted)
            k3 = self(x + h / 2 * k2, wanted)
            k4 = self(x + h * k3, wanted)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return x * self.scale + self.mean
