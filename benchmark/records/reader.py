"""The records of a run, read and checked against `benchmark.records.schema`."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchmark.api import UserError
from benchmark.records.schema import Cell, Event, ExampleValues, Run, Sample, Trace

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Records:
    """The folder `records/` of a report."""

    folder: Path
    run: Run
    cells: tuple[Cell, ...]

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Ids of the tasks that have cells, in the order of the run."""
        present = {cell.task for cell in self.cells}
        return tuple(task for task in self.run.tasks if task in present)

    def values(self, score_key: str) -> dict[str, ExampleValues]:
        """Per-example values by example id."""
        rows = _lines(self.folder / "values" / f"{score_key}.jsonl.gz", ExampleValues)
        return {row.id: row for row in rows}

    @cached_property
    def keeps_texts(self) -> bool:
        """Whether samples were kept at all; those of data that may not be passed on are not."""
        return (self.folder / "samples").is_dir()

    def samples(self, generate_key: str) -> dict[str, Sample]:
        """The kept candidates by example id, in the order of the split."""
        rows = _lines(self.folder / "samples" / f"{generate_key}.jsonl", Sample)
        return {row.id: row for row in rows}

    def events(self, train_key: str) -> tuple[Event, ...]:
        """The training log; empty if it was not kept."""
        path = self.folder / "events" / f"{train_key}.jsonl"
        return tuple(_lines(path, Event)) if path.exists() else ()

    def trace(self, trace_key: str) -> Trace:
        """The curves along a generation."""
        path = self.folder / "traces" / f"{trace_key}.json"
        return _validated(Trace, _parsed(_text(path), str(path)), str(path))


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
    path = records / "run.json"
    run = _validated(Run, _parsed(_text(path), str(path)), str(path))
    cells = [cell for path in cell_files(records) for cell in _cells(path, run)]
    if not cells:
        raise UserError(f"{records} holds no cells: run `python -m benchmark.run` first.")
    rank = {task: number for number, task in enumerate(run.tasks)}
    return Records(records, run, tuple(sorted(cells, key=lambda cell: rank[cell.task])))


def cell_files(records: Path) -> tuple[Path, ...]:
    """The files that hold the cells: `cells/<task>.jsonl`, in older records `cells.jsonl`."""
    return tuple(sorted((records / "cells").glob("*.jsonl"))) or (records / "cells.jsonl",)


def _cells(path: Path, run: Run) -> Iterator[Cell]:
    for number, cell in enumerate(_lines(path, Cell), start=1):
        for kind, name, known in (
            ("task", cell.task, run.tasks),
            ("system", cell.system, run.systems),
        ):
            if name not in known:
                raise UserError(f"{path}, line {number}: {kind} {name!r} is not in run.json.")
        if cell.status == "ok" and (cell.score is None or cell.keys.score is None):
            raise UserError(f"{path}, line {number}: the cell is ok but has no score.")
        yield cell


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: render from a complete records folder.") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{where} is not valid JSON: {error}.") from error


def _lines(path: Path, model: type[M]) -> Iterator[M]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            try:
                yield model.model_validate_json(line)
            except ValidationError:
                # Parsed apart, to say what is wrong with it in the words of a record.
                where = f"{path}, line {number}"
                yield _validated(model, _parsed(line, where), where)


def _validated(model: type[M], value: object, where: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "the record"
        raise UserError(f"{where}: {name}: {first['msg']}.") from error
