from __future__ import annotations

import pytest

from benchmark.tasks import load_task
from benchmark.timing import quality_over_calls as quality
from benchmark.timing.measured_curves import BESIDE
from benchmark.timing.mini_diffuseq import build_diffuseq


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
    assert found["bleu_sent_m4"] == found["bleu_sent_m4 ±"] == 0.0
    assert quality.subtract(other, one)["same_text"] < 1.0
    assert "noise_of" not in vars(system)


@pytest.mark.slow
def test_batches_do_not_matter(system, task, monkeypatch):
    (whole,) = quality.write(system, task, task.test[:3], [PUBLISHED], 2)
    monkeypatch.setattr(quality, "ROWS", 2)
    (batched,) = quality.write(system, task, task.test[:3], [PUBLISHED], 2)
    assert batched.texts == whole.texts


@pytest.mark.slow
def test_the_curve_has_a_point_for_every_number_of_calls(system, task):
    curves = quality.compare(
        system, task, published=PUBLISHED, nfes=(2, 4), sources=2, samples=(1, 2)
    )
    ours, *twin, _ = curves.curves
    assert twin in ([], ["diffuseq: ddim, eta 1, clamp"])
    points = list(curves.curves.values())
    calls = [[point["network calls"] for point in of_side] for of_side in points]
    assert calls[0] == [2, 4] and calls[-1] == [40]
    assert set(points[0][0][BESIDE]) >= {"bleu_sent_m4", "bleu_sent_m4 ±", "same_text"}
    tried = curves.found["differences_on_valid"]
    assert len(tried) == len(quality.CHOICES)
    ends = {n: abs(d["bleu_sent_m4"]) + d["bleu_sent_m4 ±"] for n, d in tried.items()}
    least = min(ends, key=lambda name: ends[name])
    assert ours == f"diffuseq: {least}"
