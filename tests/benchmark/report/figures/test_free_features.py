from __future__ import annotations

import pytest
from test_all_figures import check, data

from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.free_features import draw_free_features

pytestmark = pytest.mark.slow

NAMES = ["transformer", "latentops", "latentops, unguided", "bayes", "oracle"]
MISSES = [0.6, 0.1, 0.7, 0.05, 0.0]
"""One minus the success that the records are made with, in this order: the divergence of dishes."""


@pytest.fixture(scope="module")
def grid(control_board):
    with use_style():
        made = draw_free_features(control_board, "toy")
        check(made)
    return made


def test_a_row_for_each_feature(grid):
    ax = grid.panels[0].ax
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["dish", "tense"]
    rows = {feature: sorted((x, y) for x, y in data(ax) if abs(y - at) < 0.5)
            for feature, at in (("dish", 0), ("tense", -1))}  # fmt: skip
    assert [x for x, _ in rows["dish"]] == pytest.approx(sorted(MISSES))
    assert [x for x, _ in rows["tense"]] == pytest.approx(sorted(0.5 * x for x in MISSES))


def test_systems_stand_in_the_order_of_the_legend(grid):
    from_above = [x for x, y in sorted(data(grid.panels[0].ax), key=lambda at: -at[1])]
    assert from_above[:5] == pytest.approx(MISSES)
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == NAMES
    assert grid.panels[0].ax.get_xlabel() == "divergence (0: as the grammar)"
