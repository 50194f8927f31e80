"""The values of many trials as one text, in which equal candidates of a source stand once.

Settings, seeds and systems of a task often write the same texts to a source, and equal texts have
equal values: by source and candidate, all values take half of the space that they take by trial.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def pack_values(files: Mapping[str, str]) -> str | None:
    """One text for files of values; None where these would not come back to the letter."""
    try:
        text = _pack(files)
        return text if unpack_values(text) == dict(files) else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def unpack_values(text: str) -> dict[str, str]:
    """The files of `pack_values`, by name.

    Raises:
        ValueError: if the text is not of `pack_values`.
    """
    try:
        return _unpack(text)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("it is no table of values") from error


def _unpack(text: str) -> dict[str, str]:
    first, *others = _split(text)
    head = json.loads(first)
    files: list[dict[int, str]] = [{} for _ in head["names"]]
    for source in map(json.loads, others):
        for file, line, shape, chosen, single, row in source["rows"]:
            each = zip(*(source["candidates"][number] for number in chosen), strict=True)
            values = dict(zip(head["each"][shape], map(list, each), strict=True))
            values |= dict(zip(head["single"][shape], single, strict=True))
            row["metrics"] = {name: values[name] for name in head["metrics"][shape]}
            files[file][line] = _write(row)
    return {
        name: "".join(lines[number] for number in sorted(lines))
        for name, lines in zip(head["names"], files, strict=True)
    }


def _pack(files: Mapping[str, str]) -> str:
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    sources: dict[str, Row] = {}
    numbers: dict[str, dict[str, int]] = {}
    for file, text in enumerate(files.values()):
        for line, row in enumerate(map(json.loads, _split(text))):
            metrics, row["metrics"] = row["metrics"], None  # keeps the place of the key
            each = _list_each(metrics)
            source = sources.setdefault(row["id"], {"candidates": [], "rows": []})
            known = numbers.setdefault(row["id"], {})
            chosen = []
            for values in zip(*(metrics[name] for name in each), strict=True):
                number = known.setdefault(json.dumps(values), len(known))
                if number == len(source["candidates"]):
                    source["candidates"].append(values)
                chosen.append(number)
            single = [values for name, values in metrics.items() if name not in each]
            shape = shapes.setdefault((tuple(metrics), each), len(shapes))
            source["rows"].append([file, line, shape, chosen, single, row])
    head = {
        "names": list(files),
        "metrics": [names for names, _ in shapes],
        "each": [each for _, each in shapes],
        "single": [[name for name in names if name not in each] for names, each in shapes],
    }
    return _write(head) + "".join(map(_write, sources.values()))


def _list_each(metrics: Row) -> tuple[str, ...]:
    """The metrics with a value for each candidate: lists as long as the first of them."""
    lists = {name: len(values) for name, values in metrics.items() if isinstance(values, list)}
    longest = next(iter(lists.values()), 0)
    return tuple(name for name, length in lists.items() if length == longest)


def _write(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _split(text: str) -> list[str]:
    # Not `splitlines`, which would also split at line separators within a text.
    return [line for line in text.split("\n") if line]
