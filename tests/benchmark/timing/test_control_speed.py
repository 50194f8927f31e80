from __future__ import annotations

import pytest

from benchmark.timing import control_speed
from benchmark.timing.control_speed import measure_sentences


@pytest.mark.slow
def test_both_follow_the_same_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_speed, "SYSTEMS", {"latentops": {}, "diffusion-lm": {"nfe": 3}})
    monkeypatch.setattr(control_speed, "SENTENCES", {"few": 2})
    result = measure_sentences("few", repeats=1, updates=1)
    assert (result.ours.name, result.theirs.name) == ("latentops", "diffusion-lm")
    assert result.ours.sentences == result.theirs.sentences == 2
    assert result.theirs.calls == 3
    assert "sentences at once: 2; diffusion-lm at 3 guided steps" in result.conditions
