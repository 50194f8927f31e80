from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from benchmark.api import UserError
from benchmark.experiment.configuration import fill


@dataclass(frozen=True)
class Config:
    width: int = 8
    rate: float = 0.5
    mode: Literal["a", "b"] = "a"


def test_values_stand_over_defaults():
    assert fill(Config, {"rate": "1e-3", "mode": "b"}, "x") == Config(8, 1e-3, "b")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"widht": 3}, "Unknown key 'x.widht': did you mean 'width'"),
        ({"width": "wide"}, "x.width: "),
        ({"mode": "c"}, "x.mode: "),
    ],
)
def test_mistakes_are_told(values, sentence):
    with pytest.raises(UserError, match=sentence):
        fill(Config, values, "x")
