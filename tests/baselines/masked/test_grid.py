import pytest
import torch

from baselines.masked.grid import decreasing_times


@pytest.mark.parametrize("name", ["linear", "cosine"])
@pytest.mark.parametrize("nfe", [1, 2, 7, 500])
def test_grids_fall_from_one_to_zero(name, nfe):
    times = decreasing_times(name, nfe)
    assert times.dtype == torch.float64 and len(times) == nfe + 1
    assert (times[0], times[-1]) == (1.0, 0.0)
    assert (times.diff() < 0).all()


def test_known_times():
    assert decreasing_times("linear", 4).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert decreasing_times("cosine", 3).tolist() == pytest.approx([1.0, 3**0.5 / 2, 0.5, 0.0])
