from __future__ import annotations

from pathlib import Path

import pytest
from rated import make_report

from benchmark.records.reader import read_records


@pytest.fixture
def report(tmp_path) -> Path:
    return make_report(tmp_path / "toy")


@pytest.fixture
def records(report):
    return read_records(report)
