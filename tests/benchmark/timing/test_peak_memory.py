from __future__ import annotations

import mmap
import sys

import pytest
import torch

from benchmark.timing.peak_memory import peak_bytes


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read in /proc")
def test_what_is_held_for_a_moment_counts():
    def work():
        # Straight from the system: what a process has freed may come back without its notice.
        with mmap.mmap(-1, 2**26) as pages:
            held = torch.frombuffer(pages, dtype=torch.uint8).fill_(1)
            # Long enough to be seen, whatever the machine does beside.
            while held.max() and not seen.append(1) and len(seen) < 20:
                pass
            del held

    seen: list[int] = []
    found = peak_bytes(work)
    assert found is not None and 2**25 < found < 2**28
