"""The first problem that pydantic finds with a value, as part of a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def first_problem(error: ValidationError, *where: str) -> str:
    """Path, reason and value: `systems.nat.config.layers: Input should be ... (got 'x')`.

    Args:
        where: prefix of the path of the value; an empty part is omitted.
    """
    first = error.errors()[0]
    path = ".".join(part for part in (*where, *map(str, first["loc"])) if part)
    # The input of a missing field is all that stands around it.
    given = "" if first["type"] == "missing" else f" (got {first['input']!r})"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{path}: {reason}{given}".removeprefix(": ")
