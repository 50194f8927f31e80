from __future__ import annotations

import pytest

from benchmark.tasks import load_task
from benchmark.timing import quality_over_calls as quality
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
    writer = quality._Writer(system, task, task.test[:4], 2)
    one, same, other = writer.write([PUBLISHED, PUBLISHED, {**PUBLISHED, "nfe": 4}])
    found = quality.subtract(same, one)
    assert found["same_text"] == 1.0
    assert found["bleu_sent_m4"] == found["bleu_sent_m4 ±"] == 0.0
    assert quality.subtract(other, one)["same_text"] < 1.0
    assert "noise_of" not in vars(system)


@pytest.mark.slow
def test_batches_do_not_matter(system, task, monkeypatch):
    whole = quality._Writer(system, task, task.test[:3], 2).write([PUBLISHED])
    monkeypatch.setattr(quality, "ROWS", 2)
    assert quality._Writer(system, task, task.test[:3], 2).write([PUBLISHED])[0].texts == (
        whole[0].texts
    )


@pytest.mark.slow
def test_the_curve_has_a_point_for_every_number_of_calls(system, task):
    curves = quality.compare(
        system, task, published=PUBLISHED, nfes=(2, 4), sources=2, samples=(1, 2)
    )
    ours, *twin, theirs = curves.curves
    assert [c.name for c in twin] in ([], ["diffuseq: ddim, eta 1, clamp"])
    assert [p.x for p in ours.points] == [2, 4] and [p.x for p in theirs.points] == [40]
    assert set(ours.points[0].beside) >= {"bleu_sent_m4", "bleu_sent_m4 ±", "same_text"}
    tried = curves.found["differences_on_valid"]
    assert len(tried) == len(quality.CHOICES)
    ends = {n: abs(d["bleu_sent_m4"]) + d["bleu_sent_m4 ±"] for n, d in tried.items()}
    least = min(ends, key=lambda name: ends[name])
    assert ours.name == f"diffuseq: {least}"


def test_half_width_of_known_values():
    import numpy as np

    assert quality.half_width(np.array([0.0, 1.0, 0.0, 1.0])) == pytest.approx(
        1.96 * (1 / 3) ** 0.5 / 2
    )
