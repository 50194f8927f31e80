from __future__ import annotations

import sys

import pytest
import torch

from benchmark.timing.peak_memory import peak_bytes


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read in /proc")
def test_what_is_held_for_a_moment_counts():
    def work():
        held = torch.ones(2**26, dtype=torch.uint8)
        # Long enough to be seen, whatever the machine does beside.
        while held.max() and not seen.append(1) and len(seen) < 20:
            pass

    seen: list[int] = []
    found = peak_bytes(work)
    assert found is not None and 2**25 < found < 2**28
