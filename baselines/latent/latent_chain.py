"""Latents by layer: a chain whose every z_l has a prior that knows the latents before it.

h_l = tanh(W_hh h_{l-1} + W_ih z_{l-1}) with h_0 = z_0 = 0. The prior of z_l reads h_l, its
posterior h_l and r_l, the text at layer l. Where there is a source, both also read c_l, the source
at layer l.

Source: DELLA, Hu et al., arXiv 2207.06130, section 3.2, equations 4 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from baselines.latent.vae import Inferred, make_posterior

_LIMIT = 5.0
"""Mean and log variance stay within it, as in the released code (`dist.py`)."""


class Gaussian(NamedTuple):
    """N(mu, sigma^2) with independent dimensions, `(texts, latent)` each."""

    mu: Tensor
    log_variance: Tensor

    @classmethod
    def of(cls, parameters: Tensor) -> Gaussian:
        """From the output `(texts, 2 * latent)` of a network."""
        mu, log_variance = parameters.clamp(-_LIMIT, _LIMIT).chunk(2, dim=-1)
        return cls(mu, log_variance)

    @property
    def sigma(self) -> Tensor:
        """Standard deviation."""
        return torch.exp(0.5 * self.log_variance)

    def at(self, eps: Tensor) -> Tensor:
        """The point at `eps` standard deviations from the mean."""
        return self.mu + self.sigma * eps

    def eps(self, z: Tensor) -> Tensor:
        """The inverse of `at`."""
        return (z - self.mu) / self.sigma

    def kl(self, other: Gaussian) -> Tensor:
        """KL(self || other) in nats, summed over dimensions, `(texts,)`."""
        ratio = (self.log_variance - other.log_variance).exp()
        distance = other.eps(self.mu).square()
        return 0.5 * (ratio + distance - 1 + other.log_variance - self.log_variance).sum(-1)


class _Link(nn.Module):
    """One layer of the chain."""

    def __init__(self, latent: int, dim: int, condition: int) -> None:
        super().__init__()
        self.from_h = nn.Linear(latent, latent, bias=False)
        self.from_z = nn.Linear(latent, latent, bias=False)
        self.prior = nn.Linear(latent + condition, 2 * latent)
        self.posterior = make_posterior(dim + latent + condition, latent)

    def forward(self, h: Tensor, z: Tensor, source: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The next h, and what the prior reads: h and the source if any."""
        h = torch.tanh(self.from_h(h) + self.from_z(z))
        return h, torch.cat((h, *source), dim=-1)


class LatentChain(nn.Module):
    """Priors and posteriors of the latents of all layers.

    Args:
        layers: number of latents.
        latent: dimensions of each.
        dim: width of r_l.
        condition: width of c_l; 0 = there is no source.
    """

    def __init__(self, layers: int, latent: int, dim: int, condition: int = 0) -> None:
        super().__init__()
        self.links = nn.ModuleList(_Link(latent, dim, condition) for _ in range(layers))
        self.latent = latent

    def infer(
        self, texts: Sequence[Tensor], noise: Tensor, sources: Sequence[Tensor] = ()
    ) -> Inferred:
        """The texts at `noise` standard deviations from the means of their posteriors.

        The latents are in standard deviations of their priors, `(texts, layers * latent)`, and the
        KL is by layer.

        Args:
            texts: r_l of every layer, `(texts, dim)`.
            noise: `(texts, layers * latent)`.
            sources: c_l of every layer, `(texts, condition)`, if there are sources.
        """
        of_priors, kl = [], []
        h = z = noise.new_zeros(len(noise), self.latent)
        for layer, (link, eps) in enumerate(self._by_layer(noise)):
            h, known = link(h, z, sources[layer : layer + 1])
            prior = Gaussian.of(link.prior(known))
            posterior = Gaussian.of(link.posterior(torch.cat((texts[layer], known), dim=-1)))
            z = posterior.at(eps)
            of_priors.append(prior.eps(z))
            kl.append(posterior.kl(prior))
        return Inferred(torch.cat(of_priors, dim=-1), torch.stack(kl, dim=-1))

    def forward(self, eps: Tensor, sources: Sequence[Tensor] = ()) -> list[Tensor]:
        """The latents of all layers, `(rows, latent)` each, from the noise of their priors.

        Args:
            eps: `(rows, layers * latent)`; standard normal numbers draw from the prior.
            sources: c_l of every layer, `(rows, condition)`, if there are sources.
        """
        latents = []
        h = z = eps.new_zeros(len(eps), self.latent)
        for layer, (link, own) in enumerate(self._by_layer(eps)):
            h, known = link(h, z, sources[layer : layer + 1])
            z = Gaussian.of(link.prior(known)).at(own)
            latents.append(z)
        return latents

    def _by_layer(self, eps: Tensor) -> Iterator[tuple[_Link, Tensor]]:
        """Every layer with its part of `eps`."""
        links = cast("Sequence[_Link]", self.links)
        return zip(links, eps.split(self.latent, dim=-1), strict=True)
