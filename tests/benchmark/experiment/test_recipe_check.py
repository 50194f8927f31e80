from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.experiment.recipe_check import check_recipes
from benchmark.experiment.suite import load_suite, suite_names


@pytest.mark.parametrize("name", suite_names())
def test_suites_of_the_package_fit(name):
    check_recipes(load_suite(name))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("gpt2.heads=5", "heads"),
        ("gpt2.width=5", "Unknown key 'systems.gpt2.config.width'"),
        ("gpt2.sweep={warmth: [1]}", "Unknown key 'systems.gpt2.sweep.warmth'"),
        ("gpt2.decoding.temperature=-1", "temperature"),
        ("latentops.operators.updates=none", "systems.latentops.operators.updates"),
        ("gpt2.operators.updates=3", "gpt2 has no operators to fit"),
    ],
)
def test_recipes_of_systems_that_are_not_chosen_are_checked(change, sentence):
    with pytest.raises(UserError, match=sentence):
        check_recipes(load_suite("mini", [change]))
