"""JSON of other people, read strictly: a key that stands twice in an object is an error."""

from __future__ import annotations

import json
from typing import Any


class RepeatedKeyError(ValueError):
    """A JSON object with a repeated key, of which the parser would silently keep the last.

    Its text is the key in quotes.
    """


def read_json(text: str) -> Any:
    """The value that a JSON text describes.

    Raises:
        RepeatedKeyError: if an object has a key twice.
        ValueError: if it is not JSON, or cannot be read for its numbers.
        RecursionError: if it is nested too deep.
    """
    return _DECODER.decode(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise RepeatedKeyError(json.dumps(next(n for n in names if names.count(n) > 1)))
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)
"""Shared by all lines: creating a decoder per line costs more than the parsing."""
