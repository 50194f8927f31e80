from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from benchmark.api import UserError
from diffuseq.grid import Spacing, time_grid
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas, log_snr

SPACINGS: tuple[Spacing, ...] = ("uniform", "quadratic", "log-snr")


def level(steps: int) -> torch.Tensor:
    return cumulative_alpha_bar(discrete_betas("sqrt", steps))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("steps", [1, 7, 50])
def test_every_number_of_calls_is_met_exactly(spacing: Spacing, steps: int) -> None:
    alpha_bar = level(steps)
    for nfe in range(1, steps + 1):
        grid = time_grid(spacing, nfe, alpha_bar=alpha_bar)
        assert len(grid) - 1 == nfe
        assert grid[0] == steps
        assert grid[-1] == 0
        assert all(t > s for t, s in pairwise(grid))


@pytest.mark.parametrize("nfe", [600, 1500, 2000])
def test_the_counts_that_the_official_stride_misses(nfe: int) -> None:
    assert len(time_grid("uniform", nfe, alpha_bar=level(2000))) - 1 == nfe


def test_known_grids() -> None:
    assert time_grid("uniform", 4, alpha_bar=level(2000)) == (2000, 1500, 1000, 500, 0)
    assert time_grid("quadratic", 4, alpha_bar=level(1600)) == (1600, 900, 400, 100, 0)
    assert time_grid("uniform", 1, alpha_bar=level(2000)) == (2000, 0)
    assert time_grid("uniform", 3, alpha_bar=level(3)) == (3, 2, 1, 0)


def test_log_snr_grid_is_even_in_log_snr() -> None:
    alpha_bar = cumulative_alpha_bar(discrete_betas("cosine", 2000))
    grid = time_grid("log-snr", 12, alpha_bar=alpha_bar)
    levels = log_snr(alpha_bar[list(grid[:-1])])
    even = (log_snr(alpha_bar[1]) - levels[0]) / 12
    # Next to t = T whole steps are coarser than that.
    assert ((levels.diff()[4:] / even - 1).abs() < 0.05).all()


def test_official_gap_is_the_official_stride() -> None:
    # The official code lists its steps, counted from 0, from the last on and takes every gap-th.
    for nfe in (1, 10, 50, 400, 1000, 2000):
        official = list(range(2000))[::-1][:: 2000 // nfe]
        grid = time_grid("official-gap", nfe, alpha_bar=level(2000))
        assert grid == (*(i + 1 for i in official), 0)
    with pytest.raises(UserError, match="600: official-gap makes 667 calls"):
        time_grid("official-gap", 600, alpha_bar=level(2000))


@pytest.mark.parametrize("nfe", [1, 2, 9, 10, 50, 1999, 2000])
def test_official_uniform_ends_at_one(nfe: int) -> None:
    grid = time_grid("official-uniform", nfe, alpha_bar=level(2000))
    official = torch.linspace(1.0, 1 / 2000, nfe + 1, dtype=torch.float64) * 2000
    torch.testing.assert_close(torch.tensor(grid, dtype=torch.float64), official)
    assert len(grid) - 1 == nfe and (grid[0], grid[-1]) == (2000, 1)
    assert all(t > s for t, s in pairwise(grid))


@pytest.mark.parametrize("nfe", [0, -1, 51])
def test_impossible_numbers_are_refused(nfe: int) -> None:
    with pytest.raises(UserError, match=rf"nfe is {nfe}: .* from 1 to 50"):
        time_grid("uniform", nfe, alpha_bar=level(50))
