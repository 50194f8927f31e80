"""Records as version 0.5.0 wrote them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

OLD = Path(__file__).parent / "report-0.5.0"
"""Two systems of the report `mini-0.5.0`, plain, as that version wrote them."""


@pytest.fixture
def old(tmp_path):
    shutil.copytree(OLD, tmp_path / "mini-0.5.0")
    return tmp_path / "mini-0.5.0"
