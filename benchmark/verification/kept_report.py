"""A kept report as the verification reads it: plain JSON, so that nothing is rounded or filled in.

`benchmark.records.schema` says what the fields mean, and checks them first.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmark.api import UserError
from benchmark.records.reader import cell_files, read_records
from benchmark.records.schema import Event, ExampleValues, Sample, Trace

Row = dict[str, Any]
CellName = tuple[str, str, int]
"""Task, system, seed."""


_DEFAULTS: Row = {
    "error": None, "training": None, "score": None, "cost": None, "statuses": {}, "made": {},
}  # fmt: skip
"""What a line may leave away."""


class BrokenRecordError(UserError):
    """A file of the records is missing or cannot be read."""


@dataclass(frozen=True)
class StoredReport:
    """A folder with `records/`."""

    folder: Path
    run: Mapping[str, Any]
    cells: tuple[StoredCell, ...]

    @property
    def name(self) -> str:
        """The name of the run."""
        return str(self.run["run"])

    @property
    def code(self) -> str | None:
        """Digest of the sources that gathered the records."""
        found = self.run.get("code", {}).get("digest")
        return None if found is None else str(found)


@dataclass(frozen=True)
class StoredCell:
    """A line of the cells: one setting of one system on one task with one seed."""

    records: Path
    line: Mapping[str, Any]
    run: Mapping[str, Any]

    @property
    def name(self) -> CellName:
        """What trains once, with all its settings."""
        return self.line["task"], self.line["system"], self.line["seed"]

    def keeps(self, kind: str) -> bool:
        """Whether the records hold `samples`, `events` at all: texts of real data may be cut."""
        return (self.records / kind).is_dir()

    @property
    def generate_key(self) -> str:
        """The key of its candidates, which names it."""
        return str(self.line["keys"]["generate"])

    @property
    def train_key(self) -> str | None:
        """The key of its training; None where nothing is trained."""
        found: str | None = self.line["keys"]["train"]
        return found

    @property
    def subject(self) -> dict[str, Any]:
        """What a finding is about."""
        names = {name: self.line[name] for name in ("task", "system", "seed")}
        return names | {"setting": self.line["setting"]["label"]}

    @property
    def metrics(self) -> dict[str, Any]:
        """The score record's entries by metric; empty where there is no score."""
        found: dict[str, Any] = (self.line["score"] or {}).get("metrics", {})
        return found

    @cached_property
    def samples(self) -> list[Row]:
        """The kept sources with their candidates.

        Raises:
            BrokenRecordError: if the file is missing or broken; as for the next three.
        """
        return _rows(self.records / "samples" / f"{self.generate_key}.jsonl", Sample)

    @cached_property
    def values(self) -> list[Row]:
        """The values of all metrics, source by source."""
        return _rows(
            self.records / "values" / f"{self.line['keys']['score']}.jsonl.gz", ExampleValues
        )

    @cached_property
    def events(self) -> list[Row]:
        """The training log."""
        return _rows(self.records / "events" / f"{self.train_key}.jsonl", Event)

    @property
    def trace_key(self) -> str | None:
        """The key of its trace; None where there is none."""
        found: str | None = self.line["keys"].get("trace")
        return found

    @cached_property
    def trace(self) -> Row:
        """The curves along a generation."""
        path = self.records / "traces" / f"{self.trace_key}.json"
        (found,) = _checked(path, Trace, lambda text: [json.loads(text)])
        return found


def read_stored(folder: Path) -> StoredReport:
    """Read `folder/records`.

    Raises:
        UserError: if `run.json` or the cells are missing or not of their form.
    """
    read_records(folder)
    records = folder / "records"
    run = json.loads((records / "run.json").read_text(encoding="utf-8"))
    rows: list[Row] = []
    for path in cell_files(records):
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            row = _DEFAULTS | json.loads(line)
            for name in row["made"].values():
                if name not in run.get("conditions", {}):
                    where = f"{path}, line {number}"
                    raise UserError(f"{where}: the conditions {name!r} are not in run.json.")
            rows.append(row)
    return StoredReport(folder, run, tuple(StoredCell(records, row, run) for row in rows))


def _rows(path: Path, model: type[BaseModel]) -> list[Row]:
    """The objects of a file, one a line."""
    return _checked(
        path, model, lambda text: [json.loads(line) for line in text.split("\n") if line.strip()]
    )


def _checked(path: Path, model: type[BaseModel], parse: Callable[[str], list[Row]]) -> list[Row]:
    """The objects of a file, checked by `model` and kept as they are."""
    name = f"{path.parent.name}/{path.name}"
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        rows = parse(text)
        for row in rows:
            model.model_validate(row)
    except FileNotFoundError as error:
        raise BrokenRecordError(f"records/{name} is missing") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, ValueError) as error:
        why = " ".join(str(error).split())
        raise BrokenRecordError(f"records/{name} is broken ({why})") from error
    return rows
