"""The records of a run, read and checked against `benchmark.records.schema`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from benchmark.api import UserError
from benchmark.api.invalid_values import first_problem
from benchmark.records.record_files import RecordFiles
from benchmark.records.schema import (
    Event,
    ExampleValues,
    LikelihoodValues,
    Run,
    Sample,
    SourceFacts,
    TraceRecord,
    TrialRecord,
)

if TYPE_CHECKING:
    from benchmark.records.value_tables import ValueTable

M = TypeVar("M", bound=BaseModel)

TABLES_BYTES = 2**28
"""Bytes of values that are held; what is beyond is read again each time that it is asked for."""


@dataclass(frozen=True)
class Records:
    """The folder `records/` of a report."""

    files: RecordFiles
    run: Run
    trial_records: tuple[TrialRecord, ...]
    """Task by task, in the order of the run."""
    _tables: dict[str, ValueTable] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Ids of the tasks that have trials, in the order of the run."""
        present = {record.task for record in self.trial_records}
        return tuple(task for task in self.run.tasks if task in present)

    def values(self, score_key: str) -> dict[str, ExampleValues]:
        """Per-example values by example id."""
        rows = self._rows(f"values/{score_key}.jsonl", ExampleValues)
        return {row.id: row for row in rows}

    def value_table(self, score_key: str) -> ValueTable:
        """Per-example values as arrays: one reading serves several tables and figures."""
        from benchmark.records.value_tables import tabulate

        known = self._tables.get(score_key)
        if known is not None:
            return known
        table = tabulate(self.values(score_key).values())
        if table.size + sum(held.size for held in self._tables.values()) <= TABLES_BYTES:
            self._tables[score_key] = table
        return table

    def source_facts(self, task: str) -> dict[str, SourceFacts]:
        """The facts of the test sources of a task by example id; empty where none were kept."""
        name = f"sources/{self.run.tasks[task].sources}.jsonl"
        if name not in self.files.names("sources"):
            return {}
        return {row.id: row for row in self._rows(name, SourceFacts)}

    @cached_property
    def keeps_texts(self) -> bool:
        """Whether samples were kept at all; those of data that may not be redistributed are not."""
        return self.files.holds("samples")

    def samples(self, generate_key: str) -> dict[str, Sample]:
        """The kept candidates by example id, in the order of the split."""
        rows = self._rows(f"samples/{generate_key}.jsonl", Sample)
        return {row.id: row for row in rows}

    def events(self, train_key: str) -> tuple[Event, ...]:
        """The training log; empty if it was not kept."""
        name = f"events/{train_key}.jsonl"
        return tuple(self._rows(name, Event)) if name in self.files.names("events") else ()

    def trace(self, trace_key: str) -> TraceRecord:
        """The curves along a generation."""
        name = f"traces/{trace_key}.json"
        return _parse(TraceRecord, self.files.read(name), str(self.files.place(name)))

    def likelihoods(self, likelihood_key: str) -> tuple[LikelihoodValues, ...]:
        """The log-likelihoods of the test targets, in the order of the split."""
        return tuple(self._rows(f"likelihoods/{likelihood_key}.jsonl", LikelihoodValues))

    def _rows(self, name: str, model: type[M]) -> Iterator[M]:
        for place, line in self.files.lines(name):
            yield _parse(model, line, place)


def read_records(folder: Path) -> Records:
    """Read `folder/records`.

    Raises:
        UserError: if a record is missing, is not JSON, or does not have the expected form.
    """
    records = folder / "records"
    if not records.is_dir():
        raise UserError(
            f"There are no records in {folder}: name a folder that holds `records/`,"
            " as `python -m benchmark.run` writes it."
        )
    files = RecordFiles(records)
    run = _parse(Run, files.read("run.json"), str(records / "run.json"))
    found = [_parse_trial(line, run, place) for place, line in files.trial_lines()]
    if not found:
        raise UserError(f"{records} contains no trials: run `python -m benchmark.run` first.")
    rank = {task: number for number, task in enumerate(run.tasks)}
    return Records(files, run, tuple(sorted(found, key=lambda record: rank[record.task])))


def _parse_trial(line: str, run: Run, place: str) -> TrialRecord:
    record = _parse(TrialRecord, line, place)
    if record.task not in run.tasks:
        raise UserError(f"{place}: task {record.task!r} is not in run.json.")
    if record.system not in run.systems:
        raise UserError(f"{place}: system {record.system!r} is not in run.json.")
    if record.status == "ok" and (record.score is None or record.keys.score is None):
        raise UserError(f"{place}: the trial is ok but has no score.")
    return record


def _parse(model: type[M], text: str, place: str) -> M:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise UserError(f"{place} is not valid JSON: {first['ctx']['error']}.") from error
        raise UserError(f"{place}: {first_problem(error)}.") from error
