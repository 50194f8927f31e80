from __future__ import annotations

import pytest

from benchmark.tasks import load_task
from benchmark.timing import quality_over_calls as quality
from benchmark.timing.measured_curves import BESIDE
from benchmark.timing.mini_diffuseq import build_diffuseq
from diffuseq.grid import time_grid


@pytest.fixture(scope="module")
def task():
    return load_task(quality.TASK)


@pytest.fixture(scope="module")
def system(task):
    return build_diffuseq(
        task, {"diffusion_steps": 40, "width": 8, "layers": 1, "heads": 2, "ffn": 8}
    )


PUBLISHED = {**quality.PUBLISHED, "nfe": 40}


@pytest.mark.slow
def test_a_sampler_beside_itself_differs_by_nothing(system, task):
    settings = [PUBLISHED, PUBLISHED, {**PUBLISHED, "nfe": 4}]
    one, same, other = quality.write(system, task, task.test[:4], settings, 2)
    found = quality.subtract(same, one)
    assert found["same_text"] == 1.0
    for name in ("bleu_sent_m4", "validity", "divergence"):
        assert found[name] == found[f"{name} ±"] == 0.0
    assert quality.subtract(other, one)["same_text"] < 1.0
    assert "noise_of" not in vars(system)


@pytest.mark.parametrize("nfe", [1, 3, 14, 40])
def test_noise_is_coupled_on_the_grid_of_the_sampler(system, nfe):
    expected = time_grid("uniform", nfe, alpha_bar=system.module.alpha_bar)
    assert quality._even_grid(40, nfe) == expected


@pytest.mark.slow
def test_batches_do_not_matter(system, task, monkeypatch):
    (whole,) = quality.write(system, task, task.test[:3], [PUBLISHED], 2)
    monkeypatch.setattr(quality, "ROWS", 2)
    (batched,) = quality.write(system, task, task.test[:3], [PUBLISHED], 2)
    assert batched.texts == whole.texts


@pytest.mark.slow
def test_the_curve_has_a_point_for_every_number_of_calls(system, task):
    curves = quality.compare(
        system, task, published=PUBLISHED, nfes=(2, 4), in_bf16=(4,), sources=2, samples=(2, 2)
    )
    tried = curves.found["on_valid"]
    assert len(tried) == len(quality.CHOICES)
    best = max(tried, key=lambda name: tried[name]["validity"] - tried[name]["divergence"])
    twin = {f"diffuseq: {best}", "diffuseq: ddim, eta 1, clamp"}
    reference = "published procedure: ancestral, clamp"
    assert set(curves.curves) == {*twin, f"diffuseq: {best}, bf16", reference}
    calls = {
        side: [point["network calls"] for point in points] for side, points in curves.curves.items()
    }
    assert calls[f"diffuseq: {best}"] == [2, 4] and calls[f"diffuseq: {best}, bf16"] == [4]
    assert calls[reference] == [40]
    beside = curves.curves[f"diffuseq: {best}"][0][BESIDE]
    scores = ("bleu_sent_m4", "validity", "divergence")
    assert set(beside) == {*scores, *(f"{name} ±" for name in scores), "same_text"}


@pytest.mark.slow
def test_the_network_has_the_precision_of_the_setting(system, task, monkeypatch):
    seen, calculating = [], quality.calculating

    def noted(network, used, device):
        seen.append((network is system.network, used, device))
        return calculating(network, used, device)

    monkeypatch.setattr(quality, "calculating", noted)
    few = {**PUBLISHED, "nfe": 4}
    quality.write(system, task, task.test[:2], [few, {**few, "precision": "bf16"}], 2)
    assert seen == [(True, "float32", "cpu"), (True, "bf16", "cpu")]
