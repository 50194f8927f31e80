from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from benchmark.api import UserError
from benchmark.experiment.configuration import fill


@dataclass(frozen=True)
class Config:
    width: int = 8
    rate: float = 0.5
    mode: Literal["a", "b"] = "a"
    turns: tuple[int, ...] = ()
    most: int | None = None
    kept: bool | int = False
    """Which truth values may be given for, as for no other."""


def test_values_stand_over_defaults():
    assert fill(Config, {"rate": "1e-3", "mode": "b"}, "x") == Config(8, 1e-3, "b")


def test_truth_values_where_they_belong():
    assert fill(Config, {"kept": True}, "x").kept is True


def test_names_that_may_have_been_meant():
    with pytest.raises(UserError, match="did you mean 'training'"):
        fill(Config, {"trainig": 3}, "x", also=("training",))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"widht": 3}, "Unknown key 'x.widht': did you mean 'width'"),
        ({"width": "wide"}, "x.width: "),
        ({"mode": "c"}, "x.mode: "),
        ({"width": True}, r"x.width: Input should be a number \(got True\)"),
        ({"rate": False}, "x.rate: Input should be a number"),
        ({"turns": [1, True]}, "x.turns: Input should be a number"),
        ({"most": True}, "x.most: Input should be a number"),
    ],
)
def test_mistakes_are_told(values, sentence):
    with pytest.raises(UserError, match=sentence):
        fill(Config, values, "x")


class Recipe(BaseModel):
    first: Config
    second: Config | None = None
    named: dict[str, Config] = {}
    free: dict[str, Any] = {}


def test_dataclasses_stand_inside_models():
    values = {"first": {"width": 3}, "named": {"a": {"mode": "b"}}, "free": {"widht": True}}
    found = fill(Recipe, values, "")
    assert found.first == Config(3) and found.named == {"a": Config(mode="b")}
    assert found.free == {"widht": True}


@pytest.mark.parametrize("path", ["first", "second", "named.a"])
@pytest.mark.parametrize("where", ["", "x.y"])
@pytest.mark.parametrize(
    ("values", "start", "end"),
    [
        ({"widht": 3}, "Unknown key '{}.widht': ", "did you mean 'width'?"),
        ({"width": True}, "{}.width: Input should be", "(got True)."),
        ({"turns": [True]}, "{}.turns: Input should be", "(got [True])."),
        ({"width": "wide"}, "{}.width: Input should be", "(got 'wide')."),
        (3, "{}: Input should be", "(got 3)."),
    ],
)
def test_mistakes_further_down_are_told_with_their_path(path, where, values, start, end):
    name, *inner = path.split(".")
    given = {"first": {}, name: {inner[0]: values} if inner else values}
    with pytest.raises(UserError) as caught:
        fill(Recipe, given, where)
    sentence = str(caught.value)
    assert sentence.startswith(start.format(f"{where}.{path}" if where else path))
    assert sentence.endswith(end)
