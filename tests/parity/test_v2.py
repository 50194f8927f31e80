"""DiffuSeq-v2: training and both samplers, with all that the official code does by mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from diffuseq.absorbing import absorb, diffuse_towards, injection_rate, noising_rate
from diffuseq.grid import time_grid
from diffuseq.objective import loss_terms
from diffuseq.official import read_official
from diffuseq.process import anchor
from diffuseq.sampling import sample
from diffuseq.solvers import Ancestral, make_solver
from diffuseq.system_v2 import DiffuSeqV2


@pytest.fixture(scope="module")
def given(golden):
    return golden("v2")


@pytest.fixture(scope="module")
def system(official_folder, given, tmp_path_factory):
    """Converted, and with the table that was recorded: the one that sampling uses."""
    folder = Path(shutil.copytree(official_folder, tmp_path_factory.mktemp("v2") / "official"))
    checkpoint = folder / "ema_0.9999_050000.pt"
    state = torch.load(checkpoint, weights_only=True)
    torch.save(state | {"mean_embed": given.tensor("mean_embed")}, checkpoint)
    path = folder / "training_args.json"
    more = {"denoise": True, "denoise_rate": given["denoise_rate"], "reg_rate": 0.0}
    path.write_text(json.dumps(json.loads(path.read_text()) | more))
    read_official(checkpoint, heads=2).save(folder / "converted")
    system = DiffuSeqV2.load(folder / "converted", "cpu")
    system.module.eval().requires_grad_(False)
    return system


def test_the_configuration(system, given):
    assert system.config.discrete_rate == given["denoise_rate"]
    # Not the 0 of the arguments, which never reaches the official loss.
    assert system.config.absorbing_weight == given["reg_rate"]


def forward_of(system, given):
    m, u = system.module.absorbing, given.tensor("u", torch.float32)

    def forward(z_0, eps, alpha_bar_t):
        z_t = diffuse_towards(m, z_0, eps, alpha_bar_t)
        return absorb(z_t, m, u, noising_rate(alpha_bar_t[..., 0], system.config.discrete_rate))

    return forward


def test_x_t(system, given, alpha_bar):
    x_0, t = given.tensor("x_0"), given.tensor("t", torch.int64) + 1
    forward = forward_of(system, given)
    z_t = forward(x_0, given.tensor("noise"), alpha_bar[t][:, None, None])
    z_t = anchor(z_t, x_0, given.is_target())
    expected = given.tensor("x_t")
    torch.testing.assert_close(z_t, expected, atol=1e-5, rtol=0)
    hidden = (expected == system.module.absorbing).all(-1)
    assert hidden.any()
    assert not hidden.all()


def test_loss(system, given, alpha_bar):
    terms = loss_terms(
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
        start_noise="all",
        forward=forward_of(system, given),
    )
    size = system.config.absorbing_weight * system.module.absorbing.norm()
    total = terms["mse"] + terms["decoder_nll"] + terms["tT"] + size
    for ours, name in ((terms["mse"], "mse"), (terms["prediction_nll"], "nll"), (total, "loss")):
        torch.testing.assert_close(ours, given.tensor(name), atol=1e-5, rtol=0)


class Stated:
    def __init__(self, first, path):
        self.draws = [first, *path]

    def normal(self, shape, *, step=0, stream=""):
        return self.draws[step]


@pytest.fixture(scope="module")
def common(system, given, alpha_bar):
    return {
        "source": system.module.readout.embed(given.tensor("ids", torch.int64)),
        "is_target": given.is_target(),
        "alpha_bar": alpha_bar,
        "noise": Stated(given.tensor("x"), given.tensor("path_noise")),
    }


def test_all_ancestral_steps(system, given, common):
    """Steps round 0 (`centre="official"`) from a start round m, with discrete noise."""
    m, u = system.module.absorbing, given.tensor("path_u")

    def inject(number, z_s, move):
        return absorb(z_s, m, u[number - 1], injection_rate(move, system.config.discrete_rate))

    z_0 = sample(
        system.network,
        grid=tuple(range(40, -1, -1)),
        solver=Ancestral("fixed-large"),
        clamp=system.module.readout.clamp,
        start_mean=m,
        after_step=inject,
        **common,
    )
    torch.testing.assert_close(z_0, given.tensor("ancestral"), atol=1e-5, rtol=0)


@pytest.mark.parametrize("nfe", [3, 13, 4, 10])
def test_dpm_solver(system, given, common, nfe):
    """At whole steps and between them; below ten calls its last step is of first order."""
    solver = make_solver(
        "dpm-solver++", eta=0.0, variance="fixed-large", carry="prediction", low_order_end=nfe < 10
    )
    grid = time_grid("official-uniform", nfe, alpha_bar=common["alpha_bar"])
    assert grid == pytest.approx([40 - 39 * step / nfe for step in range(nfe + 1)])
    z_0 = sample(lambda z, t: system.network(z, t + 1), grid=grid, solver=solver, **common)
    expected = given.tensor(f"dpm-solver++/{nfe}")
    torch.testing.assert_close(z_0, expected, atol=1e-5, rtol=0)
