"""The report that is kept in the repository is the one that its records and this code give."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.verify import main

MINI = Path(__file__).parents[2] / "reports" / "mini-0.6.0"


@pytest.mark.slow
def test_figures_follow_from_the_records(capsys):
    assert main([str(MINI), "--quick"]) == 0, capsys.readouterr().out
