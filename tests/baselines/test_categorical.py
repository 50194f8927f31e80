import pytest
import torch

from baselines.categorical import categorical, invert, probabilities

LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def test_known_draws_at_the_edges_of_the_cumulative_distribution():
    u = torch.tensor([0.0, 0.49, 0.51, 0.79, 0.81, 0.94, 0.96, 1 - 2**-53], dtype=torch.float64)
    assert categorical(LOGITS.expand(8, 4), u).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_boundary_belongs_to_the_next_token():
    p = torch.tensor([0.25, 0.25, 0.5], dtype=torch.float64)
    u = torch.tensor([0.25, 0.5], dtype=torch.float64)
    assert invert(p.expand(2, 3), u).tolist() == [1, 2]


@pytest.mark.parametrize("u", [0.0, 0.3, 1 - 2**-53])
def test_mass_zero_is_never_drawn(u):
    p = torch.tensor([0.0, 0.1, 0.0, 0.7, 0.0], dtype=torch.float64)
    assert int(invert(p, torch.tensor(u, dtype=torch.float64))) in (1, 3)


def test_unnormalised_masses_are_shares():
    p = torch.tensor([2.0, 6.0], dtype=torch.float64)
    u = torch.tensor([0.24, 0.26], dtype=torch.float64)
    assert invert(p.expand(2, 2), u).tolist() == [0, 1]


def test_a_grid_of_uniforms_gives_the_probabilities_exactly():
    u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    drawn = categorical(LOGITS.expand(1000, 4), u)
    assert torch.bincount(drawn).tolist() == [500, 300, 150, 50]


def test_temperature_sharpens_by_its_power():
    p = probabilities(LOGITS, temperature=0.5)
    expected = torch.tensor([0.25, 0.09, 0.0225, 0.0025], dtype=torch.float64)
    torch.testing.assert_close(p, expected / expected.sum(), rtol=1e-6, atol=0)


def test_temperature_zero_is_the_first_maximum():
    logits = torch.tensor([1.0, 3.0, 3.0])
    assert int(categorical(logits, torch.tensor(0.99), temperature=0.0)) == 1
    assert probabilities(logits, temperature=0.0).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (0.5, [0]),
        (0.51, [0, 1]),
        (0.74, [0, 1]),
        (0.76, [0, 1, 2]),
        (0.88, [0, 1, 2]),
        (0.92, [0, 1, 2, 3]),
    ],
)
def test_top_p_keeps_the_fewest_tokens_with_that_mass(top_p, kept):
    logits = torch.tensor([0.5, 0.25, 0.15, 0.1], dtype=torch.float64).log()
    order = torch.tensor([2, 0, 3, 1])
    p = probabilities(logits[order.argsort()], top_p=top_p)
    assert sorted(p.nonzero().squeeze(-1).tolist()) == sorted(order[kept].tolist())
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-15)


def test_top_p_takes_the_first_of_equals():
    p = probabilities(torch.zeros(4, dtype=torch.float64), top_p=0.5)
    assert p.tolist() == [0.5, 0.5, 0.0, 0.0]


def test_draws_are_in_double_precision():
    # In float32 the second mass is lost in the sum of the first.
    logits = torch.tensor([0.0, -40.0])
    u = torch.tensor(1 - 2**-53, dtype=torch.float64)
    assert float(probabilities(logits)[1]) == pytest.approx(4.248e-18, rel=1e-3)
    assert int(categorical(torch.tensor([0.0, -36.0]), u)) == 1


@pytest.mark.parametrize(("temperature", "top_p"), [(-1.0, 1.0), (1.0, 0.0), (1.0, 1.5)])
def test_undefined_draws_are_refused(temperature, top_p):
    with pytest.raises(ValueError, match=r"temperature|top_p"):
        categorical(LOGITS, torch.tensor(0.5), temperature=temperature, top_p=top_p)
