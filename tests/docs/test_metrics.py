"""The page of metrics names all of them, with what they declare."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.metrics import METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_metric_has_a_row_that_says_its_level_and_direction():
    rows = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            for name in re.findall(r"`(\w+)`", cells[0]):
                rows[name] = (cells[2], cells[3].replace("neither", "none"))
    assert rows == {name: (metric.level, metric.direction) for name, metric in METRICS.items()}


def test_every_option_that_is_named_is_one():
    for option in set(re.findall(r"`(\w+)=[\w.-]+`", PAGE)):
        assert any(option in metric.options for metric in METRICS.values()), option
