"""The suite `equal`: one budget, one size of network, and objectives that differ alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import torch

from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import count_parameters, resources
from benchmark.tasks import load_task

SUITE = load_suite("equal")
TRAINED = [name for name in SUITE.systems if load_system(name).capabilities.trainable]
PASSES = ("micro_batch", "by_length", "compile", "precision")
"""Fields that decide how an update is computed, not what it learns."""


def test_every_system_learns_from_the_same_examples_by_the_same_optimiser() -> None:
    recipes = [SUITE.training_of(name).model_dump(exclude={*PASSES}) for name in TRAINED]
    assert all(recipe == recipes[0] for recipe in recipes)
    budgets = {SUITE.budget_of(name, "qqp").updates for name in TRAINED}
    assert budgets == {100_000}


def test_mdlm_and_rdm_differ_in_their_objective_alone() -> None:
    made: dict[str, Any] = {}
    for name in ("d3pm-absorbing", "mdlm", "rdm-absorbing"):
        system, recipe = load_system(name), SUITE.systems[name]
        config = asdict(fill(system.Config, recipe.config, name))
        made[name] = (
            {k: v for k, v in config.items() if k != "cross_entropy_weight"},
            asdict(fill(system.Decoding, recipe.decoding, name)),
            recipe.nfe,
        )
    assert made["mdlm"] == made["rdm-absorbing"] == made["d3pm-absorbing"]


@pytest.mark.slow
def test_networks_are_of_one_size_within_five_per_cent() -> None:
    task = load_task("dialogue", limits={"train": 200})
    recipe = SUITE.tasks["qqp"].model_copy(
        update={"tokenizer": load_suite("mini").tasks["dialogue"].tokenizer}
    )
    sizes = {}
    for name in TRAINED:
        system = load_system(name)
        config = fill(system.Config, SUITE.systems[name].config, name)
        given = resources(task, recipe, system.family)
        with torch.device("meta"):
            made = system.build(config, given)
        counted = count_parameters(made, given.tokenizer.vocab_size)
        sizes[name] = counted["total"] - counted["embedding"]
    assert max(sizes.values()) <= 1.05 * min(sizes.values())
    assert len(sizes) == 12
