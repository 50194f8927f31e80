from __future__ import annotations

import math

import pytest
import torch

from diffuseq.schedule import (
    BETA_CAP,
    ScheduleName,
    alpha_bar,
    cumulative_alpha_bar,
    discrete_betas,
    level_at,
    log_snr,
)

NAMES: tuple[ScheduleName, ...] = ("sqrt", "sqrt-paper", "cosine", "linear")


def level(name: ScheduleName, steps: int = 2000) -> torch.Tensor:
    return cumulative_alpha_bar(discrete_betas(name, steps))


def test_sqrt_values_are_those_of_the_paper_and_its_code() -> None:
    u = torch.tensor([0.0, 0.25, 1.0])
    expected = [1 - math.sqrt(x + 1e-4) for x in (0.0, 0.25, 1.0)]
    assert alpha_bar("sqrt", u).tolist() == pytest.approx(expected, abs=1e-12)
    # The ratios of the betas divide alpha_bar(0) = 0.99 out; figures of step 1,000 and 900
    # (indices 999 and 899 of the official code) are worked out by hand.
    level_sqrt = level("sqrt")
    assert level_sqrt[1].item() == pytest.approx((1 - math.sqrt(5e-4 + 1e-4)) / 0.99, abs=1e-12)
    assert level_sqrt[1000].item() == pytest.approx((1 - math.sqrt(0.5001)) / 0.99, abs=1e-12)
    assert level_sqrt[900].item() == pytest.approx(0.33243, abs=1e-5)


def test_sqrt_paper_is_the_formula_of_the_paper() -> None:
    by_hand = [1 - math.sqrt(t / 2000 + 1e-4) for t in range(1, 2000)]
    assert level("sqrt-paper")[1:-1].tolist() == pytest.approx(by_hand, abs=1e-12)
    # The code divides 0.99 out of every value but the last, where the cap binds.
    assert (level("sqrt-paper")[1:] / level("sqrt")[1:]).tolist() == pytest.approx([0.99] * 2000)


def test_cosine_and_linear_values() -> None:
    half = alpha_bar("cosine", torch.tensor([0.5])).item()
    assert half == pytest.approx(math.cos(0.508 / 1.008 * math.pi / 2) ** 2, abs=1e-12)
    betas = discrete_betas("linear", 1000)
    assert betas[0].item() == pytest.approx(1e-4)
    assert betas[-1].item() == pytest.approx(0.02)
    by_hand = math.prod(1 - (1e-4 + i * (0.02 - 1e-4) / 999) for i in range(1000))
    assert level("linear", 1000)[-1].item() == pytest.approx(by_hand, rel=1e-10)
    # The continuous form is the limit of the discrete one.
    u = torch.arange(20001, dtype=torch.float64) / 20000
    assert (level("linear", 20000) - alpha_bar("linear", u)).abs().max().item() < 1e-3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [20, 2000])
def test_schedules_are_float64_capped_and_decreasing(name: ScheduleName, steps: int) -> None:
    betas = discrete_betas(name, steps)
    assert betas.shape == (steps,)
    assert betas.dtype == torch.float64
    assert betas.min() > 0
    assert betas.max() <= BETA_CAP
    values = level(name, steps)
    assert values.shape == (steps + 1,)
    assert values[0] == 1.0
    assert (values.diff() < 0).all()
    assert values[-1] > 0


def test_the_cap_binds_where_sqrt_passes_below_zero() -> None:
    betas = discrete_betas("sqrt", 2000)
    assert betas[-1].item() == BETA_CAP
    values = level("sqrt")
    assert (values[-1] / values[-2]).item() == pytest.approx(1 - BETA_CAP)


def test_log_snr() -> None:
    assert log_snr(torch.tensor(0.5, dtype=torch.float64)).item() == 0.0
    value = log_snr(torch.tensor(0.9, dtype=torch.float64)).item()
    assert value == pytest.approx(math.log(math.sqrt(0.9) / math.sqrt(0.1)))
    assert log_snr(torch.tensor(1.0)).item() == math.inf


def test_between_steps_the_logarithm_is_linear() -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 40))
    assert level_at(levels, 7.0) == levels[7] and level_at(levels, 40.0) == levels[40]
    between = level_at(levels, 7.25)
    expected = levels[7] ** 0.75 * levels[8] ** 0.25
    torch.testing.assert_close(between, expected)
