"""Attribute operators on latents, p(a | z), and the flow along their gradients.

Source: LatentOps, arXiv 2208.00638, sections 3.1 and 3.3.
Deviates: classifiers are fitted to latents with noise (`noise` standard deviations), not to clean
ones. The ODE of the paper is driven by p_t(a | z_t), which a classifier of clean latents is not:
its gradient dies a hair behind its own boundary, and the flow stops there. The released code fits
clean latents through a bottleneck of two dimensions, and keeps the classifier that is best on the
test file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from baselines.attribute_operators import AttributeOperators, OperatorRecipe
from baselines.latent.mixture import GaussianMixture
from benchmark.api import Count

Solver = Literal["rk4", "euler"]
Reading = Literal["gradient", "log_prob"]
"""What operators say of a latent: which way to go, or how probable the wanted values are."""


@dataclass(frozen=True)
class LatentOperatorRecipe(OperatorRecipe):
    """How the operators and the prior are fitted to latents."""

    components: Count = 16
    """Of the mixture of Gaussians that is fitted to all latents; 1 = a single Gaussian."""


class Operators(AttributeOperators):
    """The operators of all attributes, and the prior that is fitted to the latents.

    Latents are standardised by their own standard deviations before an operator sees them.
    """

    def __init__(
        self,
        attributes: Mapping[str, Sequence[str]],
        latent: int,
        recipe: LatentOperatorRecipe,
    ) -> None:
        super().__init__(attributes, latent, recipe)
        self.prior = GaussianMixture(recipe.components, latent)

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

    def forward(
        self, z: Tensor, wanted: Mapping[str, Tensor], reading: Reading = "gradient"
    ) -> Tensor:
        """What all operators say of latents; every call is one evaluation in the cost.

        Args:
            z: standardised latents.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
            reading: `gradient` `(rows, latent)` or `log_prob` `(rows,)`.
        """
        return self.gradient(z, wanted) if reading == "gradient" else self.log_prob(z, wanted)

    def gradient(self, z: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of d log p(value | z) / dz; arguments as in `forward`."""
        total = torch.zeros_like(z)
        for name, value in wanted.items():
            is_named = value >= 0
            if bool(is_named.any()):
                step = self.operator(name).gradient(z, value.clamp(min=0))
                total = total + torch.where(is_named[:, None], step, 0.0)
        return total

    def log_prob(self, z: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of log p(value | z) `(rows,)`; arguments as in `forward`."""
        total = z.new_zeros(len(z))
        for name, value in wanted.items():
            found = self.operator(name)(z).gather(1, value.clamp(min=0)[:, None])[:, 0]
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
        scores = self(standard, repeated, "log_prob").unflatten(0, (rows, candidates))
        best = scores.argmax(1)
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
