from __future__ import annotations

import pytest
import torch

from baselines.source_rows import rows_of


@pytest.mark.parametrize(
    ("sources", "per_source", "rows"),
    [([0, 2], 3, [0, 1, 2, 6, 7, 8]), ([4, 1], 1, [4, 1]), ([], 2, [])],
)
def test_rows_of_sources(sources: list[int], per_source: int, rows: list[int]) -> None:
    found = rows_of(torch.tensor(sources, dtype=torch.int64), per_source)
    assert found.dtype == torch.int64
    assert found.tolist() == rows
