from __future__ import annotations

from pathlib import Path

import pytest
import torch

from baselines.attribute_operators import AttributeOperators, Operator, OperatorRecipe
from benchmark import api

ATTRIBUTES = {"mood": ("good", "bad"), "kind": ("a", "b", "c")}
RECIPE = OperatorRecipe(hidden=8)


@pytest.mark.parametrize("hidden", [0, 8])
def test_the_gradient_is_that_of_autograd(hidden: int) -> None:
    torch.manual_seed(1)
    operator = Operator(4, 3, hidden)
    x, value = torch.randn(5, 4, requires_grad=True), torch.tensor([0, 1, 2, 0, 1])
    (expected,) = torch.autograd.grad(operator(x)[torch.arange(5), value].sum(), x)
    torch.testing.assert_close(operator.gradient(x.detach(), value), expected)


@pytest.mark.parametrize("hidden", [0, 8])
def test_it_is_its_first_layer_and_the_rest(hidden: int) -> None:
    operator, x = Operator(4, 3, hidden), torch.randn(2, 5, 4)
    assert operator.first.in_features == 4
    torch.testing.assert_close(operator(x).exp().sum(-1), torch.ones(2, 5))
    torch.testing.assert_close(operator.after_first(operator.first(x)), operator(x))


def fitted(batch: int | None) -> tuple[AttributeOperators, float]:
    """Operators of one attribute that can be told and one that nobody labelled."""
    generator = torch.Generator().manual_seed(2)
    inputs = 3.0 + 2.0 * torch.randn(300, 4, generator=generator)
    labels = {"mood": (inputs[:, 0] > 3.0).long(), "kind": torch.full((300,), -1)}
    found = AttributeOperators(ATTRIBUTES, 4, OperatorRecipe())
    found.mean.copy_(inputs.mean(0))
    found.scale.copy_(inputs.std(0))
    found.fit(inputs, labels, OperatorRecipe(hidden=0, noise=0.1), generator, batch=batch)
    told = found.of["mood"]((inputs - found.mean) / found.scale).argmax(-1) == labels["mood"]
    return found, told.double().mean().item()


@pytest.mark.slow
@pytest.mark.parametrize("batch", [None, 50, 1000])
def test_fitted_operators_find_separable_values(batch: int | None) -> None:
    assert fitted(batch)[1] > 0.95


@pytest.mark.slow
def test_a_batch_is_drawn_where_there_are_more_rows() -> None:
    weights = [fitted(batch)[0].of["mood"].out.weight for batch in (None, 300, 50)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("hidden", [0, 8])
def test_an_attribute_without_labels_has_no_say(hidden: int) -> None:
    recipe = OperatorRecipe(hidden=hidden, updates=1)
    found = AttributeOperators({"kind": ("a", "b")}, 4, recipe)
    unlabelled = {"kind": torch.full((3,), -1)}
    found.fit(torch.randn(3, 4), unlabelled, recipe, torch.Generator().manual_seed(2))
    x = torch.randn(5, 4)
    torch.testing.assert_close(found.operator("kind")(x).exp(), torch.full((5, 2), 0.5))
    assert not found.operator("kind").gradient(x, torch.zeros(5, dtype=torch.int64)).any()


def test_any_name_of_an_attribute_will_do(tmp_path: Path) -> None:
    # torch refuses all of them as names of modules.
    attributes = {"type": ("a", "b"), "no. of rooms": ("1", "2"), "train": ("x", "y", "z")}
    found = AttributeOperators(attributes, 4, RECIPE)
    found.save(tmp_path)
    again = AttributeOperators.load(tmp_path, 4, RECIPE, "cpu")
    assert [again.operator(name).out.out_features for name in attributes] == [2, 2, 3]
    assert list(AttributeOperators(ATTRIBUTES, 4, RECIPE).of) == [*ATTRIBUTES]


def test_labels_are_indices_of_values() -> None:
    found = AttributeOperators(ATTRIBUTES, 4, OperatorRecipe()).index(
        [{"mood": "bad"}, {}, {"kind": "c"}]
    )
    assert {name: index.tolist() for name, index in found.items()} == {
        "mood": [1, -1, -1],
        "kind": [-1, -1, 2],
    }


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    found = AttributeOperators(ATTRIBUTES, 4, RECIPE)
    found.scale.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    found.save(tmp_path / "operators")
    again = AttributeOperators.load(tmp_path / "operators", 4, RECIPE, "cpu")
    assert again.attributes == found.attributes
    for name, tensor in found.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    (tmp_path / "attributes.json").write_text("[1]")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(api.UserError, match="No operators can be read"):
            AttributeOperators.load(folder, 4, RECIPE, "cpu")
