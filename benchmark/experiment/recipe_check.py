"""Check of every recipe of a suite, also those of systems that a call does not choose."""

from __future__ import annotations

from benchmark.api import UserError
from benchmark.experiment.registry import load_system
from benchmark.experiment.selection import choose_systems
from benchmark.experiment.settings import settings_of
from benchmark.experiment.suite import Suite
from benchmark.experiment.trial_resolution import resolve_config, resolve_operators


def check_recipes(suite: Suite) -> None:
    """Check the recipes of all installed systems of the suite, chosen or not.

    Raises:
        UserError: if one does not fit its system.
    """
    for name in choose_systems(suite, ["all"]):
        system_class = load_system(name)
        resolve_config(suite, name, system_class)
        settings_of(suite, name, system_class)
        if suite.recipe_of(name).operators:
            if system_class.capabilities.control != "guided":
                raise UserError(
                    f"systems.{name}.operators: {name} has no operators to fit: leave them out."
                )
            resolve_operators(suite, name, system_class)
