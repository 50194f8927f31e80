"""A mixture of Gaussians fitted to latents: where generation starts.

Latents of texts keep apart what the texts keep apart, so that one Gaussian over them has much of
its mass where no text is. EM with full covariances; each covariance is shrunk towards that of all
latents, as if `_PSEUDO_TEXTS` more texts had it.

Source: Dempster, Laird and Rubin 1977; the prior on covariances: Fraley and Raftery 2007.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ITERATIONS = 30
_PSEUDO_TEXTS = 10
_FLOOR = 1e-6
"""Added to variances: dimensions that an encoder does not use have nearly none."""


class GaussianMixture(nn.Module):
    """Weights, means and Cholesky factors of the covariances of the components."""

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, components: int, latent: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.full((components,), 1 / components))
        self.register_buffer("means", torch.zeros(components, latent))
        self.register_buffer("factors", torch.eye(latent).repeat(components, 1, 1))

    def fit(self, latents: Tensor, generator: torch.Generator) -> None:
        """Fit to latents `(texts, latent)`; the generator chooses the first means among them."""
        x = latents.double()
        count, latent = x.shape
        whole = _covariance(x - x.mean(0), x.new_ones(count))
        floor = _FLOOR * torch.eye(latent, dtype=x.dtype, device=x.device)
        components = len(self.weights)
        order = torch.randperm(count, generator=generator)[torch.arange(components) % count]
        means = x[order.to(x.device)] if components > 1 else x.mean(0, keepdim=True)
        covariances = whole.repeat(components, 1, 1)
        weights = x.new_full((components,), 1 / components)
        for _ in range(_ITERATIONS if components > 1 else 0):
            share = _shares(x, weights, means, torch.linalg.cholesky(covariances + floor))
            mass = share.sum(0).clamp(min=1e-9)
            weights, means = mass / mass.sum(), share.T @ x / mass[:, None]
            for k in range(components):
                own = _covariance(x - means[k], share[:, k])
                shrunk = mass[k] * own + _PSEUDO_TEXTS * whole
                covariances[k] = shrunk / (mass[k] + _PSEUDO_TEXTS)
        self.weights.copy_(weights)
        self.means.copy_(means)
        self.factors.copy_(torch.linalg.cholesky(covariances + floor))

    def draw(self, eps: Tensor, u: Tensor) -> Tensor:
        """Latents `(..., latent)`.

        Args:
            eps: standard normal numbers `(..., latent)`.
            u: uniforms `(...)` that choose the components, float64.
        """
        bounds = self.weights.double().cumsum(0)
        chosen = torch.searchsorted(bounds, u.contiguous() * bounds[-1], right=True)
        chosen = chosen.clamp(max=len(bounds) - 1)
        return self.means[chosen] + (self.factors[chosen] @ eps[..., None])[..., 0]


def _covariance(centred: Tensor, weight: Tensor) -> Tensor:
    """Weighted by text, `(latent, latent)`."""
    return (centred * weight[:, None]).T @ centred / weight.sum().clamp(min=1e-9)


def _shares(x: Tensor, weights: Tensor, means: Tensor, factors: Tensor) -> Tensor:
    """The probability of each component given each text, `(texts, components)`."""
    log_p = []
    for weight, mean, factor in zip(weights, means, factors, strict=True):
        white = torch.linalg.solve_triangular(factor, (x - mean).T, upper=False)
        log_p.append(weight.log() - 0.5 * white.square().sum(0) - factor.diagonal().log().sum())
    return torch.softmax(torch.stack(log_p, dim=1), dim=1)
