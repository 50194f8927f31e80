"""How many trials the recipe of each system had, from the record of a search."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.api import UserError


def read_tuned_trials(file: str | None) -> dict[str, int]:
    """Trials by system; empty where the suite names no record.

    Args:
        file: the suite's `tuning`, a path from the working folder.

    Raises:
        UserError: if the record is missing or is none.
    """
    if file is None:
        return {}
    try:
        record = json.loads(Path(file).read_text(encoding="utf-8"))
        return {name: int(of["trials"]) for name, of in record["systems"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The suite's tuning, {file}, is no record of benchmark.tune that can be read:"
            " mend the path or leave the key out."
        ) from error
