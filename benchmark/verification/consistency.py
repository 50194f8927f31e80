"""Whether the files of a report belong together: each is there, whole, and of the right size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmark.api import UserError
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.kept_report import BrokenRecordError, StoredCell, StoredReport


def find_inconsistencies(cell: StoredCell) -> Iterator[Difference]:
    """What does not agree between a cell and its files, or among these."""
    line = cell.line
    checks = []
    if line["training"] is not None and cell.keeps("events"):
        checks.append(_training)
    if line["statuses"] and cell.keeps("samples"):
        checks.append(_texts)
    if line["score"] is not None:
        checks.append(_values)
    if cell.trace_key is not None:
        checks.append(_trace)
    for check in checks:
        try:
            yield from check(cell)
        except BrokenRecordError as error:
            yield Difference("files", "", str(error), "a file that can be read")


def find_unknown_files(report: StoredReport) -> list[Finding]:
    """Files of the records that belong to no cell."""
    known: set[str] = set()
    for cell in report.cells:
        keys = cell.line["keys"]
        known |= {
            f"events/{keys['train']}.jsonl",
            f"samples/{keys['generate']}.jsonl",
            f"values/{keys['score']}.jsonl",
            f"traces/{cell.trace_key}.json",
        }
    try:
        found = report.files.keyed_names()
    except UserError as error:
        return [Finding({"file": "records"}, "differs", (str(error),))]
    return [
        Finding({"file": f"records/{name}"}, "differs", ("it belongs to no cell",))
        for name in found
        if name not in known
    ]


def _training(cell: StoredCell) -> Iterator[Difference]:
    summary, trained = cell.line["training"], [e for e in cell.events if e["kind"] == "train"]
    if trained and trained[-1]["loss"] != summary["final_loss"]:
        where = "final_loss and the last line of the log"
        yield Difference("training", where, summary["final_loss"], trained[-1]["loss"])


def _texts(cell: StoredCell) -> Iterator[Difference]:
    samples, statuses = cell.samples, cell.line["statuses"]
    yield from _find_duplicates("candidates", [row["id"] for row in samples])
    kept = Counter(c.get("status", "ok") for row in samples for c in row["candidates"])
    for status, count in kept.items():
        if count > statuses.get(status, 0):
            yield Difference("statuses", f"{status} among the kept", statuses.get(status, 0), count)
    counts = sorted({len(row["candidates"]) for row in samples})
    if len(counts) > 1:
        yield Difference("candidates", "of each source", counts[-1], counts[0])
    if cell.line["score"] is None:
        return
    size = cell.line["score"]["num_samples"]
    if counts != [size]:
        yield Difference("candidates", "of each source", size, counts)
    total = cell.line["score"]["num_sources"] * size
    if sum(statuses.values()) != total:
        yield Difference("statuses", "of all candidates", sum(statuses.values()), total)
    first = [row["id"] for row in cell.values[: len(samples)]]
    if first != [row["id"] for row in samples]:
        yield Difference("candidates", "ids", [r["id"] for r in samples], first)


def _values(cell: StoredCell) -> Iterator[Difference]:
    score, values = cell.line["score"], cell.values
    yield from _find_duplicates("values", [row["id"] for row in values])
    if len(values) != score["num_sources"]:
        yield Difference("values", "sources", score["num_sources"], len(values))
    size = score["num_samples"]
    for row in values:
        if row.get("mbr_index") not in (None, *range(size)):
            yield Difference("values", f"{row['id']}, index of {size}", row["mbr_index"], None)
            return
        if differing := set(row["metrics"]) ^ set(score["metrics"]):
            where = f"{row['id']}, metrics that the score or the values lack"
            yield Difference("values", where, sorted(differing), [])
            return
        for name, entry in score["metrics"].items():
            value, first = (of["metrics"].get(name) for of in (row, values[0]))
            shape = _shape(value)
            if -1 in shape or shape != (
                (size,) if entry["level"] == "candidate" else _shape(first)
            ):
                yield Difference("values", f"{row['id']}, {name}, numbers", value, first)
                return


def _trace(cell: StoredCell) -> Iterator[Difference]:
    kept = cell.trace
    for metric, curves in kept["curves"].items():
        for statistic, curve in curves.items():
            counts = {len(ends) for ends in curve.values()}
            if counts != {len(kept["steps"])}:
                where = f"{metric} {statistic}, steps"
                yield Difference("trace", where, len(kept["steps"]), sorted(counts))
                return


def _shape(value: Any) -> tuple[int, ...]:
    """Of nested lists of numbers; negative for what is none."""
    if isinstance(value, list):
        shapes = {_shape(part) for part in value}
        return (len(value), *(shapes.pop() if len(shapes) == 1 else (-1,)))
    is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return () if is_number else (-1,)


def _find_duplicates(part: str, ids: list[str]) -> Iterator[Difference]:
    again = [name for name, count in Counter(ids).items() if count > 1]
    if again:
        yield Difference(part, f"{again[0]}, times", ids.count(again[0]), 1)
