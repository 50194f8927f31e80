from __future__ import annotations

import pytest

from benchmark.timing import diffuseq_speed, learners, mini_diffuseq
from benchmark.timing.diffuseq_speed import measure_sampling, measure_training


@pytest.mark.slow
def test_training_counts_pairs_and_positions():
    result = measure_training(1, updates=1, batch=2)
    # An embedding table and a network are the same on both sides.
    assert result.ours.parameters == result.theirs.parameters
    assert result.theirs.positions == learners.CANVAS
    assert learners.ROOM < result.ours.positions < learners.ROOM + 16
    assert result.unit == "pairs" and result.ours.sentences == 2 * diffuseq_speed.UPDATES_A_TURN
    errors = [side.found["mse_of_words_after_1"] for side in (result.ours, result.theirs)]
    # After one small update both are what they began as.
    assert errors[0] == pytest.approx(errors[1], rel=0.2)


@pytest.mark.slow
def test_sampling_takes_few_calls_where_theirs_takes_all(monkeypatch):
    real = mini_diffuseq.load_suite

    def short(name):
        suite = real(name)
        suite.systems["diffuseq"].config["diffusion_steps"] = 40
        return suite

    monkeypatch.setattr(mini_diffuseq, "load_suite", short)
    result = measure_sampling(1, updates=1, sources=3, samples=2)
    assert (result.ours.calls, result.theirs.calls) == (diffuseq_speed.FEW["nfe"], 40)
    assert 0 <= result.ours.found["bleu_sent_m4"] <= 1 and result.theirs.found["validity"] <= 1
