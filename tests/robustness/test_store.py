"""A small part of `python tests/robustness/store.py`, with a fixed seed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_kills_concurrent_runs_and_damage_leave_what_an_undisturbed_run_leaves(tmp_path):
    script, page = Path(__file__).with_name("store.py"), tmp_path / "store.md"
    words = ["--kills", "4", "--rounds", "1", "--damages", "4", "--seed", "1"]
    done = subprocess.run(
        [sys.executable, str(script), *words, "--output", str(page)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "| kills | 4 | 4 | 0 |" in page.read_text()
    assert "| rounds of four workers, one killed, one stopped | 1 | 1 | 0 |" in page.read_text()
    assert "| damaged stores | 4 | 4 | 0 |" in page.read_text()
