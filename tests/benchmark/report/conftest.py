from __future__ import annotations

from pathlib import Path

import pytest
from controlled import write_controlled
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


@pytest.fixture(scope="session")
def controlled(tmp_path_factory) -> Path:
    """A folder of a task that asks for attributes."""
    return write_controlled(tmp_path_factory.mktemp("controlled") / "made", edits=False)


@pytest.fixture(scope="session")
def edited(tmp_path_factory) -> Path:
    """A folder of a task that asks for edits."""
    return write_controlled(tmp_path_factory.mktemp("edited") / "made", edits=True)


@pytest.fixture(scope="session")
def control_board(controlled) -> Board:
    return Board(read_records(controlled))


@pytest.fixture(scope="session")
def edit_board(edited) -> Board:
    return Board(read_records(edited))
