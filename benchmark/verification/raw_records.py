"""The records of a kept report as plain JSON, so that nothing is rounded or filled in.

`benchmark.records.schema` says what the fields mean, and checks them first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.records.record_files import FILE_OF_STAGE, LINE_DEFAULTS, RecordFiles
from benchmark.records.schema import Event, ExampleValues, LikelihoodValues, Sample, TraceRecord
from benchmark.tasks.label_budget import LabelBudget

Row = dict[str, Any]
TrialName = tuple[str, str, int, LabelBudget | None]
"""Task, system, seed, and labels where the task has attributes."""


class BrokenFileError(UserError):
    """A file of the records is missing or cannot be read."""


@dataclass(frozen=True)
class RawReport:
    """A folder with `records/`."""

    files: RecordFiles
    run: Mapping[str, Any]
    records: tuple[RawRecord, ...]

    @property
    def folder(self) -> Path:
        """The folder that holds `records/`."""
        return self.files.folder.parent


@dataclass(frozen=True)
class RawRecord:
    """A line of the records: one setting of one system on one task with one seed."""

    files: RecordFiles
    line: Mapping[str, Any]
    run: Mapping[str, Any]
    of_seeds: tuple[Mapping[str, Any], ...] = ()
    """The lines of this setting with all seeds of the report, its own among them."""

    @property
    def trial(self) -> TrialName:
        """What trains once, with all its settings."""
        count = self.line.get("labels")
        alone = self.line.get("labels_alone", False)
        labels = None if count is None else LabelBudget(count, alone)
        return self.line["task"], self.line["system"], self.line["seed"], labels

    @property
    def keys(self) -> Mapping[str, str | None]:
        """Content keys by stage; None, or absent, where a stage was not run."""
        keys: Mapping[str, str | None] = self.line["keys"]
        return keys

    @property
    def identity(self) -> tuple[TrialName, str | None]:
        """What the same record in another report is found by: trial and key of the candidates."""
        return self.trial, self.keys["generate"]

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

    @property
    def keeps_texts(self) -> bool:
        """Whether it has candidates and the report keeps texts; those of real data may be cut."""
        return bool(self.line["statuses"]) and self.files.holds("samples")

    @property
    def keeps_events(self) -> bool:
        """Whether something was trained and the report keeps training logs."""
        return self.line["training"] is not None and self.files.holds("events")

    @cached_property
    def samples(self) -> list[Row]:
        """The kept sources with their candidates.

        Raises:
            BrokenFileError: if the file is missing or broken; as for the next three.
        """
        return self._read("generate", Sample)

    @cached_property
    def values(self) -> list[Row]:
        """The values of all metrics, source by source."""
        return self._read("score", ExampleValues)

    @cached_property
    def events(self) -> list[Row]:
        """The training log."""
        return self._read("train", Event)

    @cached_property
    def trace(self) -> Row:
        """The curves along a generation."""
        (found,) = self._read("trace", TraceRecord)
        return found

    @cached_property
    def likelihoods(self) -> list[Row]:
        """The log-likelihoods of the test targets."""
        return self._read("likelihood", LikelihoodValues)

    def _read(self, stage: str, model: type[BaseModel]) -> list[Row]:
        """The objects of a file, one per line of JSONL, checked by `model` and kept as they are."""
        records, name = self.files.folder, FILE_OF_STAGE[stage].format(self.keys[stage])
        try:
            text = self.files.read(name)
            parts = text.split("\n") if name.endswith(".jsonl") else [text]
            rows: list[Row] = [json.loads(part) for part in parts if part.strip()]
            for row in rows:
                model.model_validate(row)
        except UserError as error:
            raise BrokenFileError(str(error).removeprefix(f"{records.parent}/")) from error
        except ValueError as error:
            why = " ".join(str(error).split())
            raise BrokenFileError(f"{records.name}/{name} is broken ({why})") from error
        return rows


def read_raw_report(folder: Path) -> RawReport:
    """Read `folder/records`.

    Raises:
        UserError: if `run.json` or the records are missing or not of their form.
    """
    files = read_records(folder).files
    run = json.loads(files.read("run.json"))
    records = []
    of_seeds: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for place, text in files.trial_lines():
        line = LINE_DEFAULTS | json.loads(text)
        for name in line["made"].values():
            if name not in run.get("conditions", {}):
                raise UserError(f"{place}: the conditions {name!r} are not in run.json.")
        records.append(RawRecord(files, line, run))
        of_seeds[_name_setting(records[-1])].append(line)
    return RawReport(
        files, run, tuple(replace(r, of_seeds=tuple(of_seeds[_name_setting(r)])) for r in records)
    )


def _name_setting(record: RawRecord) -> tuple[Any, ...]:
    task, system, _, labels = record.trial
    return task, system, labels, record.line["setting"]["label"]
