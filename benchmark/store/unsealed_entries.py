"""What shows damage in entries of versions up to 0.5.0, which sealed none.

Their records hold digests of candidates and weights. Values were kept without any, so they are
held against the record: as many lines as it counts, each whole, and means that it states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.store.files import file_digest, folder_digest
from benchmark.store.seal import DamagedError

Record = Mapping[str, Any]

_FIELDS: Mapping[str, Mapping[str, type]] = {
    "train": {"summary": dict, "code": dict},
    "operators": {"train": str, "code": dict},
    "generate": {
        "candidates_digest": str, "num_sources": int, "num_samples": int, "statuses": dict,
        "code": dict,
    },
    "score": {"metrics": dict, "num_sources": int, "num_samples": int, "interval": dict},
    "outputs": {"entry": dict},
    "trace": {"num_sources": int, "steps": list, "curves": dict},
    "likelihood": {"num_sources": int, "statistics": dict},
}  # fmt: skip
"""What the record of a kind has at least."""

_TYPES: Mapping[str, type] = {
    "code": dict, "versions": dict, "machine": dict, "device": str, "threads": int,
    "processes": int, "seed": int, "setting": dict, "summary": dict,
    "statuses": dict, "metrics": dict, "interval": dict,
}  # fmt: skip
"""What is of this type wherever it is at all."""

_CLOSENESS = 1e-6


def check_unsealed(kind: str, folder: Path, record: Record) -> None:
    """Look for damage in an entry without a seal.

    Raises:
        DamagedError: if there is any that can be seen.
    """
    for name, of in _FIELDS.get(kind, {}).items():
        if not isinstance(record.get(name), of) or isinstance(record[name], bool):
            raise DamagedError(f"record.json has no {name}")
    for name, of in _TYPES.items():
        if name in record and not isinstance(record[name], of):
            raise DamagedError(f"{name} in record.json is no {of.__name__}")
    check = _CHECKS.get(kind)
    if check is not None:
        try:
            check(folder, record)
        except FileNotFoundError as error:
            raise DamagedError(f"{Path(str(error.filename)).name} is missing") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedError(f"a file of it cannot be read ({type(error).__name__})") from error


def _check_training(folder: Path, record: Record) -> None:
    for path in sorted((folder / "system").rglob("*.safetensors")):
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
            ends = (
                of["data_offsets"][1]
                for name, of in json.loads(file.read(min(header, 2**27))).items()
                if name != "__metadata__"
            )
            if path.stat().st_size != 8 + header + max(ends, default=0):
                raise DamagedError(f"{path.name} is cut short")
    _check_digest(folder / "system", record["summary"].get("system_digest"))


def _check_operators(folder: Path, record: Record) -> None:
    _check_digest(folder / "operators", record.get("operators_digest"))


def _check_digest(folder: Path, digest: str | None) -> None:
    if not folder.is_dir():
        raise DamagedError(f"{folder.name} is missing")
    if digest is not None and folder_digest(folder) != digest:
        raise DamagedError(f"{folder.name} is not what was written")


def _check_candidates(folder: Path, record: Record) -> None:
    if file_digest(folder / "candidates.jsonl") != record["candidates_digest"]:
        raise DamagedError("candidates.jsonl is not what was written")


def _check_values(folder: Path, record: Record) -> None:
    rows = _read_rows(folder / "values.jsonl", record["num_sources"])
    for name, metric in record["metrics"].items():
        stated = metric["statistics"].get("expected", {}).get("value")
        if metric["level"] != "candidate" or stated is None:
            continue
        of_sources = [row["metrics"][name] for row in rows]
        known = [math.fsum(row) / len(row) for row in of_sources if None not in row]
        if abs(math.fsum(known) / max(1, len(known)) - stated) > _CLOSENESS * max(1, abs(stated)):
            raise DamagedError(f"values.jsonl does not give the {name} of record.json")


def _check_states(folder: Path, record: Record) -> None:
    _read_rows(folder / "states.jsonl", record["num_sources"])


def _check_likelihoods(folder: Path, record: Record) -> None:
    _read_rows(folder / "values.jsonl", record["num_sources"])


def _read_rows(path: Path, count: int) -> Sequence[dict[str, Any]]:
    """The lines of a JSONL file, one for each source."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    if len(rows) != count or len({row["id"] for row in rows}) != count:
        raise DamagedError(f"{path.name} has {len(rows)} lines where {count} belong")
    return rows


_CHECKS: Mapping[str, Callable[[Path, Record], None]] = {
    "train": _check_training,
    "operators": _check_operators,
    "generate": _check_candidates,
    "score": _check_values,
    "trace": _check_states,
    "likelihood": _check_likelihoods,
}
