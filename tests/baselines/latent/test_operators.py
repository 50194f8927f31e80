from __future__ import annotations

from pathlib import Path

import pytest
import torch

from baselines.latent.operators import LatentOperatorRecipe, Operators

ATTRIBUTES = {"mood": ("good", "bad"), "kind": ("a", "b", "c")}

RECIPE = LatentOperatorRecipe(hidden=8, components=1)


def operators(hidden: int = 8, latent: int = 4) -> Operators:
    torch.manual_seed(1)
    found = Operators(ATTRIBUTES, latent, LatentOperatorRecipe(hidden=hidden, components=1))
    latents = torch.randn(200, latent) @ torch.randn(latent, latent) + 2.0
    found.fit_prior(latents, torch.Generator())
    return found.requires_grad_(False)


def draw(found: Operators, *shape: int) -> torch.Tensor:
    u = torch.rand(shape, dtype=torch.float64)
    return found.prior.draw(torch.randn(*shape, 4), u)


@pytest.mark.parametrize("hidden", [0, 8])
def test_the_gradient_is_that_of_autograd(hidden: int) -> None:
    found = operators(hidden)
    z = torch.randn(5, 4, requires_grad=True)
    wanted = {"mood": torch.tensor([0, 1, -1, 0, 1]), "kind": torch.tensor([2, -1, -1, 0, 1])}
    total = torch.zeros(())
    for name, value in wanted.items():
        log_p = found.of[name](z)
        named = value >= 0
        total = total + log_p[named, value[named]].sum()
    (expected,) = torch.autograd.grad(total, z)
    torch.testing.assert_close(found(z.detach(), wanted), expected)


@pytest.mark.parametrize("solver", ["rk4", "euler"])
def test_the_flow_climbs_and_free_rows_stay(solver: str) -> None:
    found = operators()
    z = draw(found, 6)
    wanted = {"mood": torch.tensor([0, 0, 0, 1, 1, -1]), "kind": torch.full((6,), -1)}
    moved = found.flow(z, wanted, length=3.0, steps=30, solver=solver)  # type: ignore[arg-type]
    assert torch.allclose(moved[5], z[5], atol=1e-5)
    rows, values = torch.arange(5), wanted["mood"][:5]
    before = found.of["mood"]((z - found.mean) / found.scale)[rows, values]
    after = found.of["mood"]((moved - found.mean) / found.scale)[rows, values]
    assert (after > before).all()


@pytest.mark.slow
def test_rk4_is_of_fourth_order() -> None:
    found = operators()
    z = draw(found, 3).double()
    found = found.double()
    wanted = {"mood": torch.tensor([0, 1, 0]), "kind": torch.tensor([1, 2, 0])}

    def end(steps: int) -> torch.Tensor:
        return found.flow(z, wanted, length=2.0, steps=steps)

    exact = end(160)
    first, second = ((end(n) - exact).abs().max() for n in (10, 20))
    assert first / second == pytest.approx(16, rel=0.25)


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    found = operators()
    found.save(tmp_path / "operators")
    again = Operators.load(tmp_path / "operators", 4, RECIPE, "cpu")
    assert {"mean", "scale", "prior.factors", "of.mood.hidden.weight"} < set(again.state_dict())
    for name, tensor in found.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_the_favourite_of_several_draws_is_chosen() -> None:
    found = operators()
    z = draw(found, 3, 5)
    wanted = {"mood": torch.tensor([0, 1, -1]), "kind": torch.tensor([-1, 2, -1])}
    chosen = found.choose(z, wanted)
    for row in range(3):
        one = {name: value[row].repeat(5) for name, value in wanted.items()}
        scores = found.log_prob((z[row] - found.mean) / found.scale, one)
        assert torch.equal(chosen[row], z[row, int(scores.argmax())])
