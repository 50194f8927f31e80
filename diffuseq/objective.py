"""The training objective, term by term, each a value per example `(batch,)`.

Source: arXiv 2210.08933, eq. 2 (the simplified bound); arXiv 2205.14217, section 4.1 and
appendix E, for the end-to-end terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from diffuseq.process import anchor, diffuse
from diffuseq.readout import Readout

MseOver = Literal["all", "target"]
StartNoise = Literal["all", "target", "none"]


def loss_terms(
    network: Callable[[Tensor, Tensor], Tensor],
    readout: Readout,
    *,
    ids: Tensor,
    is_target: Tensor,
    t: Tensor,
    alpha_bar: Tensor,
    start_eps: Tensor,
    eps: Tensor,
    mse_over: MseOver,
    with_prediction_nll: bool,
    start_noise: StartNoise = "all",
    forward: Callable[[Tensor, Tensor, Tensor], Tensor] = diffuse,
    present: Tensor | None = None,
) -> dict[str, Tensor]:
    """All terms of the loss, unweighted, by name.

    z_0 is drawn around the embedding of the text, with the spread of the first step; the
    target part of it is noised to step t and the network predicts z_0.

    Args:
        network: f_theta(z_t, t) -> z0_hat.
        readout: embedding and output layer.
        ids: int64 `(batch, length)`.
        is_target: bool `(batch, length)`; padding belongs to the target.
        t: steps 1..T, int64 `(batch,)`.
        alpha_bar: float64 `(T + 1,)`.
        start_eps: standard normal numbers `(batch, length, dim)`, for z_0.
        eps: standard normal numbers `(batch, length, dim)`, for z_t.
        mse_over: positions that the term `mse` is averaged over.
        with_prediction_nll: whether the term `prediction_nll` is computed.
        start_noise: positions whose z_0 is drawn; at the others it is the embedding itself.
        forward: the forward process, z_t from (z_0, eps, alpha_bar_t `(batch, 1, 1)`).
        present: True on the canvas of a row, bool `(batch, length)`, outside of which nothing is
            compared; None means everywhere. `network` must use the same mask.

    Deviates: paper and official code differ in the first term. Eq. 2 of the paper compares
    the target part alone (`mse_over="target"`); the code, which made the published numbers,
    averages over source and padding too (`all`). The code also draws z_0 at the source
    (`start_noise="all"`), which sampling presents without noise; `target` removes this mismatch.
    """
    embedding = readout.embed(ids)
    z_0 = embedding
    if start_noise != "none":
        z_0 = embedding + (1.0 - alpha_bar[1]).sqrt().to(embedding.dtype) * start_eps
    if start_noise == "target":
        z_0 = anchor(z_0, embedding, is_target)
    z_t = anchor(forward(z_0, eps, alpha_bar[t][:, None, None]), z_0, is_target)
    z0_hat = network(z_t, t).to(embedding.dtype)

    goal = torch.where((t == 1)[:, None, None], embedding, z_0)
    everywhere = torch.ones_like(is_target) if present is None else present
    over = is_target & everywhere if mse_over == "target" else everywhere
    terms = {
        "mse": mse(z0_hat, goal, over),
        "decoder_nll": rounding_nll(readout, z_0, ids, everywhere),
        "tT": prior_term(z_0, alpha_bar[-1], everywhere),
    }
    if with_prediction_nll:
        terms["prediction_nll"] = rounding_nll(readout, z0_hat, ids, is_target & everywhere)
    return terms


def mse(z0_hat: Tensor, goal: Tensor, over: Tensor) -> Tensor:
    """Mean squared error over dimensions and the positions `over`, `(batch,)`.

    `goal` is z_0, and at the first step the embedding itself: there the noise of z_0 is the only
    noise.

    Source: arXiv 2210.08933, eq. 2.
    """
    return _mean_over((z0_hat - goal).square().mean(-1), over)


def rounding_nll(readout: Readout, z: Tensor, ids: Tensor, over: Tensor) -> Tensor:
    """-log p_theta(w | z), mean over the positions `over`, `(batch,)`.

    On z_0 it is the term `decoder_nll`: it separates the embeddings of different words. On z0_hat
    it is the term `prediction_nll`: it trains the network itself to predict vectors that round to
    the right word.

    Args:
        readout: embedding and output layer.
        z: states `(batch, length, dim)`.
        ids: the words, `(batch, length)`.
        over: positions that count, bool `(batch, length)`.

    Source: arXiv 2205.14217, section 4.1 (`decoder_nll`); arXiv 2212.09412,
    section 3 (`prediction_nll`, the anchor loss).
    """
    return _mean_over(readout.nll(z, ids), over)


def prior_term(z_0: Tensor, alpha_bar_T: Tensor, over: Tensor) -> Tensor:
    """Mean square of the mean of q(z_T | z_0), `(batch,)`: what is left of z_0 at the end.

    The mean is over dimensions and the positions `over`.

    Source: arXiv 2205.14217, appendix E, first term.
    """
    return alpha_bar_T.to(z_0.dtype) * _mean_over(z_0.square().mean(-1), over)


def _mean_over(values: Tensor, over: Tensor) -> Tensor:
    """Mean of `(batch, length)` over the positions where `over` holds, `(batch,)`."""
    weight = over.to(values.dtype)
    return (values * weight).sum(1) / weight.sum(1)
