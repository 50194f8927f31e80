from __future__ import annotations

import pytest

from benchmark.timing import memory_over_steps


def test_every_figure_is_that_of_a_process(monkeypatch):
    asked = []

    def peak(side, steps, sources):
        asked.append((side, steps, sources))
        return 2**20 * (100 + steps * (side == "published"))

    monkeypatch.setattr(memory_over_steps, "_peak_bytes", peak)
    found = memory_over_steps.compare((2, 4), sources=3)
    assert asked == [(side, n, 3) for side in memory_over_steps.SIDES for n in (2, 4)]
    assert [p["peak MiB"] for p in found.curves["diffuseq"]] == [100, 100]
    assert found.found["bytes_a_step"] == {"diffuseq": 0, "published": 2**20}


@pytest.mark.slow
def test_a_process_tells_its_peak():
    # No library alone fits into 10 MB, no sampling of two rows takes 10 GB.
    assert 10**7 < memory_over_steps._peak_bytes("diffuseq", 2, 2) < 10**10
