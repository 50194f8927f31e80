from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import write_records

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory) -> Path:
    """A realistic folder: one task, all systems, one of which failed."""
    return write_records(
        tmp_path_factory.mktemp("synthetic") / "toy",
        tasks=("dialogue",),
        sources=14,
        samples=4,
    )


@pytest.fixture(scope="session")
def realistic(synthetic) -> Board:
    return Board(read_records(synthetic))
