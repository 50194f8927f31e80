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

    A recipe that was changed afterwards, by an override say, was not searched and is left out.

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
        if any(_is_that(trial.recipe, values) for values in searched.get(trial.row, ()))
    }


def _read_tried(file: str) -> dict[str, list[dict[str, Any]]]:
    """By system the values of every trial."""
    path = Path(file)
    packaged = resources.files("benchmark") / "suites" / file
    try:
        text = (path if path.exists() else packaged).read_text(encoding="utf-8")
        systems = json.loads(text)["systems"]
        return {
            name: [dict(tried["values"]) for tried in of["tried"]] for name, of in systems.items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"The suite's tuning, {file}, is no record of benchmark.tune that can be read:"
            " mend the path or leave the key out."
        ) from error


def _is_that(recipe: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> bool:
    parts = [(*field.split(".", 1), value) for field, value in values.items()]
    return all(_is_close(recipe.get(part, {}).get(name), value) for part, name, value in parts)


def _is_close(given: object, tried: object) -> bool:
    if isinstance(given, float) and isinstance(tried, int | float):
        return math.isclose(given, tried, rel_tol=ROUNDED)
    return given == tried
