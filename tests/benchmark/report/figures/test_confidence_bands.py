from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmark.report.figures.confidence_bands import draw_band
from benchmark.report.figures.marks import Marks
from benchmark.scoring.bootstrap import interval

BLACK = "#000000"


@pytest.fixture
def ax():
    return Figure().add_subplot()


def draws(value, spread):
    steps = np.linspace(-1, 1, 401)
    return np.array([value, *(value + spread * steps)])


KNOWN = {"cold": draws(0.8, 0.1), "hot": draws(0.4, 0.2)}


def mixture(settings):
    return lambda shares: interval(sum(w * settings[name] for name, w in shares.items()))


def test_band_is_the_interval_at_every_place(ax):
    marks = Marks()
    assert draw_band(ax, [0.2, 0.6], ["cold", "hot"], "#000000", marks, interval=mixture(KNOWN))
    outline = ax.patches[0].get_xy()
    at = {x: sorted(y for place, y in outline if np.isclose(place, x)) for x in (0.2, 0.4, 0.6)}
    for x, value, spread in ((0.2, 0.8, 0.1), (0.4, 0.6, 0.15), (0.6, 0.4, 0.2)):
        assert at[x][0] == pytest.approx(value - 0.95 * spread, abs=1e-3)
        assert at[x][-1] == pytest.approx(value + 0.95 * spread, abs=1e-3)
    assert min(marks.ys) == pytest.approx(0.4 - 0.19, abs=1e-3)


def test_no_band_where_nothing_is_known_or_no_curve_is(ax):
    unknown = KNOWN | {"hot": np.array([0.5, *[np.nan] * 401])}
    both = ["cold", "hot"]
    assert not draw_band(ax, [0.2, 0.6], both, BLACK, Marks(), interval=mixture(unknown))
    assert not draw_band(ax, [0.2], ["cold"], BLACK, Marks(), interval=mixture(KNOWN))
    assert not ax.patches
