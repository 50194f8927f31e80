from __future__ import annotations

import pytest

from benchmark.timing import memory_growth


def test_every_system_is_measured_at_every_value(monkeypatch):
    asked = []

    def peak(name, system, work, value):
        asked.append((name, system, work, value))
        return 2**20 * value

    monkeypatch.setattr(memory_growth, "_peak_bytes", peak)
    found = memory_growth.compare("memory-length", (8, 16))
    assert set(found.curves) == set(memory_growth.SIDES)
    assert found.curves["cmlm"] == [
        {"tokens of a text": n, "training MiB": n, "sampling MiB": n} for n in (8, 16)
    ]
    assert len(asked) == 2 * 2 * len(memory_growth.SIDES) == len(set(asked))
    # What makes one call a token has no number of calls to grow.
    assert set(memory_growth.compare("memory-calls", (2,)).curves) == {
        "diffuseq", "d3pm-absorbing", "cmlm",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("system", memory_growth.SIDES)
def test_a_process_tells_its_peak(system):
    # No library alone fits into 10 MB, no three updates of this size take 10 GB.
    for name, work in (("memory-vocabulary", "training"), ("memory-candidates", "sampling")):
        assert 10**7 < memory_growth._peak_bytes(name, system, work, 20) < 10**10
