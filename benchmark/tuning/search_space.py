"""What may be varied in the recipe of each system: a YAML file of ranges beside the suites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeGuard

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.api.regular_file import check_regular
from benchmark.experiment.configuration import fill
from benchmark.experiment.recipes import SystemRecipe
from benchmark.experiment.suite import Suite
from benchmark.runtime.yaml_format import read_yaml

PARTS = ("config", "training", "budget", "decoding")
"""Keys of a system's recipe whose fields can be searched."""
LEARNING_RATE = "training.learning_rate"


class SearchRange(BaseModel):
    """The values of one field: from `low` to `high`, or one of `choices`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    """Whether ratios count and not differences."""
    choices: list[str | bool | int | float] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> SearchRange:
        if (self.low is None) != (self.high is None) or (self.low is None) == (
            self.choices is None
        ):
            raise ValueError("give low and high, or choices")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("low must be below high")
        if self.log and (self.low is None or self.low <= 0):
            raise ValueError("log needs a low above 0")
        if self.choices is not None and len({*map(repr, self.choices)}) < max(1, len(self.choices)):
            raise ValueError("give choices that differ, one at least")
        return self

    def with_value(self, value: Any) -> SearchRange:
        """This range, widened to a value of the recipe that lies outside it.

        Raises:
            ValueError: if no range of this kind has it, such as a logarithmic one 0.
        """
        if self.holds(value):
            return self
        if self.choices is not None:
            return SearchRange(choices=[value, *self.choices])
        assert self.low is not None and self.high is not None
        if not _is_number(value):
            raise ValueError(f"{value!r} is no number")
        return SearchRange(low=min(self.low, value), high=max(self.high, value), log=self.log)

    def holds(self, value: object) -> bool:
        """Whether a value can be asked."""
        if self.choices is not None:
            return value in self.choices
        assert self.low is not None and self.high is not None
        return _is_number(value) and self.low <= value <= self.high


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class SearchSpace(BaseModel):
    """The ranges of all systems, and the effort that each of them gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trials: Annotated[int, Field(gt=0, le=8)] = 8
    """The same for every system, the recipe as it stands included."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    systems: dict[str, dict[str, SearchRange]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One field of the recipe of a system, its range and the value of the recipe."""

    field: str
    """Such as `training.learning_rate`."""
    range: SearchRange
    usual: Any

    @property
    def is_whole(self) -> bool:
        """Whether the field takes whole numbers alone."""
        return isinstance(self.usual, int) and not isinstance(self.usual, bool)


def load_space(suite: str, file: str | None = None) -> SearchSpace:
    """Read the ranges of a suite of the package, by its name, or those of a YAML file.

    Raises:
        UserError: if there are none, or a key is unknown or a range makes no sense.
    """
    name = file or f"The ranges of {suite}"
    try:
        values = read_yaml(_read_packaged(suite) if file is None else _read_own(file))
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{name} must be a mapping with the key systems.")
    try:
        _check_ranges(values.get("systems"))
        return fill(SearchSpace, values, "")
    except UserError as error:
        raise UserError(f"{name}: {error}") from error


def _read_packaged(suite: str) -> str:
    folder = resources.files("benchmark") / "suites" / "tuning"
    known = [Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".yaml")]
    if suite in known:
        return (folder / f"{suite}.yaml").read_text(encoding="utf-8")
    if Path(suite).is_file():
        raise UserError(f"{suite} has no ranges of its own: name a file of them with --space.")
    raise UserError(
        f"There are no ranges for the suite {suite!r}: {suggestion(suite, known)}"
        " --space reads a file of your own."
    )


def _read_own(file: str) -> str:
    check_regular(Path(file))
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(
            f"The file {file} cannot be read ({why}): name one with ranges by --space."
        ) from error


def _check_ranges(systems: object) -> None:
    """Say what a range looks like where pydantic would say of which kinds it is none."""
    for system, ranges in systems.items() if isinstance(systems, dict) else ():
        for field, given in ranges.items() if isinstance(ranges, dict) else ():
            where = f"systems.{system}.{field}"
            if field in PARTS:
                raise UserError(f"{where}: write part and field as one key: {LEARNING_RATE}.")
            if not isinstance(given, dict):
                raise UserError(
                    f"{where}: write {{low: 1, high: 2}} or {{choices: [1, 2]}} (got {given!r})."
                )
            for end in ("low", "high"):
                if end in given and not _is_number(given[end]):
                    raise UserError(f"{where}.{end}: write a number (got {given[end]!r}).")
            for choice in given["choices"] if isinstance(given.get("choices"), list) else ():
                if not isinstance(choice, str | bool | int | float):
                    raise UserError(
                        f"{where}.choices: write texts, numbers or true and false (got {choice!r})."
                    )


def check_systems(space: SearchSpace, systems: Sequence[str]) -> None:
    """Refuse a system that has no ranges.

    Raises:
        UserError: names it, and the nearest that has some.
    """
    for system in systems:
        if system not in space.systems:
            raise UserError(f"{system} has no ranges: {suggestion(system, space.systems)}")


def dimensions(
    space: SearchSpace, suite: Suite, system: str, usual: Mapping[str, Mapping[str, Any]]
) -> tuple[Dimension, ...]:
    """The fields that are searched, with the value that the recipe gives to each.

    Args:
        usual: the complete `config`, `training`, `budget` and `decoding` of the system.

    Raises:
        UserError: for a field that the system does not have, or a recipe that its range cannot be
            widened to.
    """
    known = [f"{part}.{field}" for part in PARTS for field in usual[part]]
    found = []
    for field, values in space.systems[system].items():
        if field not in known:
            raise UserError(f"Unknown key 'systems.{system}.{field}': {suggestion(field, known)}")
        part, name = field.split(".", 1)
        try:
            widened = values.with_value(usual[part][name])
        except ValueError as error:
            raise UserError(
                f"systems.{system}.{field}: the recipe of {suite.name} has {usual[part][name]!r},"
                " to which this range cannot be widened: write choices, or change the recipe."
            ) from error
        dimension = Dimension(field, widened, usual[part][name])
        ends = (widened.low, widened.high) if widened.choices is None else ()
        if dimension.is_whole and any(isinstance(end, float) for end in ends):
            raise UserError(
                f"systems.{system}.{field}: low and high must be whole numbers, as"
                f" {dimension.usual} of the recipe is (got {widened.low} and {widened.high})."
            )
        found.append(dimension)
    return tuple(found)


def with_values(suite: Suite, system: str, values: Mapping[str, Any]) -> Suite:
    """The suite with fields of the recipe of one system set, such as `decoding.temperature`."""
    changed = suite.recipe_of(system).model_dump()
    for field, value in values.items():
        part, name = field.split(".", 1)
        changed[part] = {**changed[part], name: value}
    recipe = fill(SystemRecipe, changed, f"systems.{system}")
    return suite.model_copy(update={"systems": {**suite.systems, system: recipe}})
