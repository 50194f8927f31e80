"""The terms of the loss."""

from __future__ import annotations

import pytest
import torch

from diffuseq.objective import loss_terms


@pytest.fixture
def terms(golden, system, alpha_bar):
    given = golden("objective")
    return loss_terms(
        system.module.denoiser,
        system.module.readout,
        ids=given.tensor("ids", torch.int64),
        is_target=given.is_target(),
        t=given.tensor("t", torch.int64) + 1,
        alpha_bar=alpha_bar,
        start_eps=given.tensor("start_noise"),
        eps=given.tensor("noise"),
        mse_over="all",
        with_prediction_nll=True,
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("mse", "mse"), ("decoder_nll", "decoder_nll"), ("tT", "tT"), ("prediction_nll", "nll")],
)
def test_terms(golden, terms, ours, theirs):
    expected = golden("objective").tensor(theirs)
    torch.testing.assert_close(terms[ours], expected, atol=1e-5, rtol=1e-6)


def test_total(golden, terms):
    total = terms["mse"] + terms["decoder_nll"] + terms["tT"]
    torch.testing.assert_close(total, golden("objective").tensor("loss"), atol=1e-5, rtol=0)
