from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from benchmark.report.figures.logarithmic_axis import MOST_TICKS, make_logarithmic


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1, 50], ["1", "2", "5", "10", "20", "50"]),
        ([9.4], ["5", "10", "20"]),
        ([2e-4, 3e-2], ["0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.02"]),
        ([1e-7, 1e-1], None),
        ([1, 4000], ["1", "3", "10", "30", "100", "300", "1000", "3000"]),
    ],
)
def test_ticks_are_round_few_and_inside(values, labels):
    ax = Figure().add_subplot()
    make_logarithmic(ax, "x", values)
    ticks, (low, high) = ax.get_xticks(), ax.get_xlim()
    assert low < min(values) <= max(values) < high
    assert all(low <= tick <= high for tick in ticks)
    assert len(ticks) <= MOST_TICKS
    if labels is not None and len(labels) <= MOST_TICKS:
        assert [label.get_text() for label in ax.get_xticklabels()] == labels
