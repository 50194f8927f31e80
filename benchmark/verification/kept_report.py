"""A kept report as the verification reads it: plain JSON, so that nothing is rounded or filled in.

`benchmark.records.schema` says what the fields mean, and checks them first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.records.record_files import RecordFiles
from benchmark.records.schema import Event, ExampleValues, Sample, TraceRecord

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

    files: RecordFiles
    run: Mapping[str, Any]
    cells: tuple[StoredCell, ...]

    @property
    def folder(self) -> Path:
        """The folder that holds `records/`."""
        return self.files.folder.parent

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

    files: RecordFiles
    line: Mapping[str, Any]
    run: Mapping[str, Any]

    @property
    def name(self) -> CellName:
        """What trains once, with all its settings."""
        return self.line["task"], self.line["system"], self.line["seed"]

    def keeps(self, kind: str) -> bool:
        """Whether the records hold `samples`, `events` at all: texts of real data may be cut."""
        return self.files.holds(kind)

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
        return self._rows(f"samples/{self.generate_key}.jsonl", Sample)

    @cached_property
    def values(self) -> list[Row]:
        """The values of all metrics, source by source."""
        return self._rows(f"values/{self.line['keys']['score']}.jsonl", ExampleValues)

    @cached_property
    def events(self) -> list[Row]:
        """The training log."""
        return self._rows(f"events/{self.train_key}.jsonl", Event)

    @property
    def trace_key(self) -> str | None:
        """The key of its trace; None where there is none."""
        found: str | None = self.line["keys"].get("trace")
        return found

    @cached_property
    def trace(self) -> Row:
        """The curves along a generation."""
        (found,) = self._checked(f"traces/{self.trace_key}.json", TraceRecord, lambda text: [text])
        return found

    def _rows(self, name: str, model: type[BaseModel]) -> list[Row]:
        """The objects of a file, one a line."""
        return self._checked(name, model, lambda text: [r for r in text.split("\n") if r.strip()])

    def _checked(
        self, name: str, model: type[BaseModel], parts: Callable[[str], list[str]]
    ) -> list[Row]:
        """The objects of a file, checked by `model` and kept as they are."""
        records = self.files.folder
        try:
            rows: list[Row] = [json.loads(part) for part in parts(self.files.read(name))]
            for row in rows:
                model.model_validate(row)
        except UserError as error:
            raise BrokenRecordError(str(error).removeprefix(f"{records.parent}/")) from error
        except ValueError as error:
            why = " ".join(str(error).split())
            raise BrokenRecordError(f"{records.name}/{name} is broken ({why})") from error
        return rows


def read_stored(folder: Path) -> StoredReport:
    """Read `folder/records`.

    Raises:
        UserError: if `run.json` or the cells are missing or not of their form.
    """
    files = read_records(folder).files
    run = json.loads(files.read("run.json"))
    cells = []
    for place, line in files.cell_lines():
        row = _DEFAULTS | json.loads(line)
        for name in row["made"].values():
            if name not in run.get("conditions", {}):
                raise UserError(f"{place}: the conditions {name!r} are not in run.json.")
        cells.append(StoredCell(files, row, run))
    return StoredReport(files, run, tuple(cells))
