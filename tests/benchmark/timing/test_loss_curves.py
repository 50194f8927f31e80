from __future__ import annotations

import pytest
import torch

from benchmark.api import Lengths, make_noise
from benchmark.tasks import load_task
from benchmark.timing import loss_curves
from benchmark.timing.learners import Learner
from benchmark.timing.measured_curves import BESIDE
from benchmark.timing.mini_diffuseq import build_diffuseq

TINY = {"width": 8, "layers": 1, "heads": 2, "ffn": 8, "mse_over": "all"}


@pytest.fixture(scope="module")
def task():
    return load_task(loss_curves.TASK)


@pytest.mark.slow
def test_the_judge_has_the_loss_of_the_system(task):
    lengths = Lengths(96, 32)
    for fit, name in (("whole", loss_curves.WHOLE), ("row", loss_curves.ROW)):
        system = build_diffuseq(task, {**TINY, "fit": fit}, lengths=lengths)
        learner, examples = Learner(system), task.valid[:5]
        system.module.eval()
        noise = make_noise(7, [e.id for e in examples])
        with torch.no_grad():
            expected = float(system.loss(system.collate(examples), noise).total)
        assert loss_curves.judge(learner, examples)[name] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_the_same_objective_has_the_same_losses(task, monkeypatch):
    monkeypatch.setattr(loss_curves, "SMALLER", TINY)
    curves = loss_curves.compare(task, batch=4, updates=4, every=2, seeds=2)
    assert curves.found["first_losses_differ_by"] < 1e-5
    assert list(curves.curves) == [loss_curves.THEIRS, loss_curves.SAME, loss_curves.FITTED]
    published, whole, row = curves.curves.values()
    assert [p["updates"] for p in published] == [0, 2, 4]
    assert set(published[0]) == {"updates", loss_curves.WHOLE, loss_curves.ROW}
    assert set(row[0]) == {"updates", loss_curves.ROW, BESIDE}
    for point in whole:
        assert point[BESIDE][loss_curves.WHOLE] == pytest.approx(1.0, abs=1e-4)
    is_equal = curves.found["is_equal"]
    assert is_equal[f"{loss_curves.SAME}: {loss_curves.WHOLE}"]
    assert f"{loss_curves.FITTED}: {loss_curves.WHOLE}" not in is_equal
