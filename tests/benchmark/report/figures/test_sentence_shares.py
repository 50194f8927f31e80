from __future__ import annotations

import numpy as np
import pytest
from test_all_figures import check, data

from benchmark.report.data.control_points import AMONG_SENTENCES, SENTENCES, SUCCESS
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.sentence_shares import EQUAL, LEVELS, draw_sentence_shares

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(control_board):
    with use_style():
        made = draw_sentence_shares(control_board, "toy")
        check(made)
    return made


def shown(board):
    mains = [board.main("toy", system) for system in ("transformer", "bayes", "oracle")]
    return [*mains, *board.sweeps("toy", "latentops")[0]]


def test_the_product_of_a_place_is_the_success(grid, control_board):
    places = [(SENTENCES.read(p).value, AMONG_SENTENCES.read(p).value)
              for p in shown(control_board)]  # fmt: skip
    np.testing.assert_allclose(sorted(data(grid.panels[0].ax)), sorted(places))
    assert len(places) == 6
    for point, (x, y) in zip(shown(control_board), places, strict=True):
        assert x * y == pytest.approx(SUCCESS.read(point).value)


def test_curves_of_equal_success(grid):
    curves = [line for line in grid.panels[0].ax.lines if len(line.get_xdata()) > 100]
    products = [line.get_xdata() * line.get_ydata() for line in curves]
    assert [product.mean() for product in products] == pytest.approx(list(LEVELS))
    assert all(product.std() < 1e-9 for product in products)


def test_what_is_written(grid):
    ax = grid.panels[0].ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("sentences", "success among the sentences")
    assert {text.get_text() for text in ax.texts} == {"0.2", "0.4", "0.6", "0.8", "0", "5"}
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == [
        "transformer", "latentops", "bayes", "oracle", EQUAL,
    ]  # fmt: skip
