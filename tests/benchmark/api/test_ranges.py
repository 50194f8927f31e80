from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from benchmark.api import Count, NotNegative, Positive, ProperShare, Range, Settings, UserError
from benchmark.experiment.configuration import fill


@dataclass(frozen=True)
class Made(Settings):
    size: Count = 3
    weight: NotNegative = 0.5
    rate: Positive | None = None
    dropout: ProperShare = 0.0
    slope: Annotated[float, Range()] = -1.0
    grid: tuple[Count, ...] = (1, 2)
    solver: Literal["euler", "rk4"] = "rk4"
    name: str = "free"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": 0}, "size 0: use 1 or more."),
        ({"weight": -0.1}, "weight -0.1: use 0 or more."),
        ({"weight": math.nan}, "weight nan: use 0 or more."),
        ({"weight": math.inf}, "weight inf: use 0 or more."),
        ({"rate": 0.0}, "rate 0.0: use above 0."),
        ({"dropout": 1.0}, "dropout 1.0: use 0 or more, below 1."),
        ({"slope": math.nan}, "slope nan: use a finite number."),
        ({"grid": (1, 0)}, "grid 0: use 1 or more."),
        ({"solver": "rk5"}, "solver 'rk5': did you mean 'rk4'?"),
    ],
)
def test_a_field_out_of_its_range_is_named_with_what_to_use(changes, said):
    with pytest.raises(UserError) as error:
        Made(**changes)
    assert str(error.value) == said
    if "solver" not in changes:
        with pytest.raises(UserError, match=r"^systems.mine.config"):
            fill(Made, changes, "systems.mine.config")


def test_the_ends_and_none_are_taken():
    Made(size=1, weight=0.0, rate=None, dropout=0.0, slope=-1e9, solver="euler", name="")
    assert str(Range(0, 1)) == "0 to 1" and str(Range(high=2)) == "2 at most"


def test_a_class_without_ranges_is_as_it_was():
    @dataclass(frozen=True)
    class Plain(Settings):
        name: str = ""

    assert Plain("x").name == "x"
