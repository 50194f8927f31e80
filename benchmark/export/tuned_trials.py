"""How many trials of a search found the recipe of each system, from the record of the search."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.experiment.trial import Trial

ROUNDED = 5e-3
"""By how much of itself a number of a recipe may differ from the one that the search tried."""


def count_tuned_trials(file: str | None, trials: Sequence[Trial]) -> dict[str, int]:
    """Trials of the search by row, for the rows whose recipe is one that it tried.

    A recipe that has other values of the searched fields, by an override say, is left out; so is
    one of whose trials none had a value.

    Args:
        file: the suite's `tuning`; None = no search, no counts.

    Raises:
        UserError: if the record is missing or is none.
    """
    if file is None:
        return {}
    searched = _read_tried(file)
    return {
        trial.row: len(searched[trial.row])
        for trial in trials
        if trial.row in searched and _is_among(searched[trial.row], trial.recipe)
    }


def _read_tried(file: str) -> dict[str, list[dict[str, Any]]]:
    """By system the values of every trial.

    A record of the package comes first: a search of one's own does not become that of `mini`.
    """
    packaged = resources.files("benchmark") / "suites" / file
    try:
        text = (packaged if packaged.is_file() else Path(file)).read_text(encoding="utf-8")
        systems = json.loads(text)["systems"]
        return {
            name: [dict(tried["values"]) for tried in of["tried"]]
            for name, of in systems.items()
            if of["best"] is not None and of["tried"][0]["values"]
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"The suite's tuning, {file}, is no record of benchmark.tune that can be read:"
            " mend the path or leave the key out."
        ) from error


def _is_among(tried: Sequence[Mapping[str, Any]], recipe: Mapping[str, Mapping[str, Any]]) -> bool:
    given = {f"{part}.{name}": value for part, of in recipe.items() for name, value in of.items()}
    return any(
        all(_is_close(given.get(field), value) for field, value in values.items())
        for values in tried
    )


def _is_close(given: object, tried: object) -> bool:
    if isinstance(given, float) and isinstance(tried, int | float):
        return math.isclose(given, tried, rel_tol=ROUNDED)
    return given == tried
