from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from benchmark.api import Capabilities
from benchmark.experiment.recipes import SystemRecipe
from benchmark.experiment.settings import settings_of
from benchmark.experiment.suite import Suite


@dataclass(frozen=True)
class Decoding:
    stochastic: bool = False
    temperature: float = 1.0
    nfe: int = 5
    kind: str = "samples"


def swept(knob: str, values: list[Any]) -> list[tuple[str, float | None, tuple[str, ...]]]:
    class System:
        capabilities: ClassVar = Capabilities(trainable=False, knob=knob, nfe_knob="nfe")
        Decoding: ClassVar = Decoding

    recipe = SystemRecipe(sweep={knob: values})
    suite = Suite.model_construct(systems={"mine": recipe})
    found = settings_of(suite, "mine", System)
    return [(setting.label, setting.knob_value, setting.roles) for setting in found]


def test_a_knob_that_is_a_number_has_a_place_on_the_curve():
    assert swept("temperature", [1.0, 0.5]) == [
        ("temperature=1", 1.0, ("main", "sweep")),
        ("temperature=0.5", 0.5, ("sweep",)),
    ]


def test_a_switch_is_no_number():
    """True is an int to Python: as a knob it would be drawn at 1."""
    assert swept("stochastic", [True]) == [
        ("stochastic=False", None, ("main", "sweep")),
        ("stochastic=True", None, ("sweep",)),
    ]
