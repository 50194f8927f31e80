"""Whether the files of a report belong together: each is there, whole, and of the right size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from benchmark.api import UserError
from benchmark.records.record_files import FILE_OF_STAGE
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.raw_records import BrokenFileError, RawRecord, RawReport


def find_inconsistency(record: RawRecord) -> Difference | None:
    """The first thing that does not agree between a record and its files, or among these."""
    checks = {
        _check_training: record.keeps_events,
        _check_texts: record.keeps_texts,
        _check_values: record.line["score"] is not None,
        _check_trace: record.keys.get("trace") is not None,
        _check_likelihoods: record.keys.get("likelihood") is not None,
    }
    found = chain.from_iterable(check(record) for check, applies in checks.items() if applies)
    try:
        return next(found, None)
    except BrokenFileError as error:
        return Difference("files", "", str(error), "a file that can be read")


def find_unknown_files(report: RawReport) -> list[Finding]:
    """Files of a key that no record has."""
    known = {
        name.format(record.keys.get(stage))
        for record in report.records
        for stage, name in FILE_OF_STAGE.items()
    }
    known |= {f"sources/{info.get('sources')}.jsonl" for info in report.run["tasks"].values()}
    try:
        return [
            Finding({"file": f"records/{name}"}, "differs", ("it belongs to no trial",))
            for name in report.files.keyed_names()
            if name not in known
        ]
    except UserError as error:
        return [Finding({"file": "records"}, "differs", (str(error),))]


def _check_training(record: RawRecord) -> Iterator[Difference]:
    summary, trained = record.line["training"], [e for e in record.events if e["kind"] == "train"]
    if trained and trained[-1]["loss"] != summary["final_loss"]:
        where = "final_loss and the last line of the log"
        yield Difference("training", where, summary["final_loss"], trained[-1]["loss"])
    yield from _find_duplicates(
        "losses", [f"{event['kind']} at update {event['update']}" for event in record.events]
    )


def _check_texts(record: RawRecord) -> Iterator[Difference]:
    samples, statuses = record.samples, record.line["statuses"]
    yield from _find_duplicates("candidates", [row["id"] for row in samples])
    kept = Counter(c.get("status", "ok") for row in samples for c in row["candidates"])
    for status, count in kept.items():
        if count > statuses.get(status, 0):
            yield Difference("statuses", f"{status} among the kept", statuses.get(status, 0), count)
    counts = sorted({len(row["candidates"]) for row in samples})
    if len(counts) > 1:
        yield Difference("candidates", "of each source", counts[-1], counts[0])
    score = record.line["score"]
    if score is None:
        return
    size = score["num_samples"]
    if counts != [size]:
        yield Difference("candidates", "of each source", size, counts)
    total = score["num_sources"] * size
    if sum(statuses.values()) != total:
        yield Difference("statuses", "of all candidates", sum(statuses.values()), total)
    first = [row["id"] for row in record.values[: len(samples)]]
    if first != [row["id"] for row in samples]:
        yield Difference("candidates", "ids", [r["id"] for r in samples], first)


def _check_values(record: RawRecord) -> Iterator[Difference]:
    score, values = record.line["score"], record.values
    yield from _find_duplicates("values", [row["id"] for row in values])
    if len(values) != score["num_sources"]:
        yield Difference("values", "sources", score["num_sources"], len(values))
    size = score["num_samples"]
    for row in values:
        if row.get("mbr_index") not in (None, *range(size)):
            yield Difference("values", f"{row['id']}, index of {size}", row["mbr_index"], None)
        if differing := set(row["metrics"]) ^ set(score["metrics"]):
            where = f"{row['id']}, metrics that the score or the values lack"
            yield Difference("values", where, sorted(differing), [])
        for name, entry in score["metrics"].items():
            value, first = (of["metrics"].get(name) for of in (row, values[0]))
            shape = _shape(value)
            if -1 in shape or shape != (
                (size,) if entry["level"] == "candidate" else _shape(first)
            ):
                yield Difference("values", f"{row['id']}, {name}, numbers", value, first)


def _check_trace(record: RawRecord) -> Iterator[Difference]:
    kept = record.trace
    for metric, curves in kept["curves"].items():
        for statistic, curve in curves.items():
            counts = {len(ends) for ends in curve.values()}
            if counts != {len(kept["steps"])}:
                where = f"{metric} {statistic}, steps"
                yield Difference("trace", where, len(kept["steps"]), sorted(counts))


def _check_likelihoods(record: RawRecord) -> Iterator[Difference]:
    summary, rows = record.line["likelihood"], record.likelihoods
    yield from _find_duplicates("likelihoods", [row["id"] for row in rows])
    unreachable = sum(row["nats"] is None for row in rows)
    for name, found in (("num_sources", len(rows)), ("unreachable", unreachable)):
        if found != summary[name]:
            yield Difference("likelihoods", name, summary[name], found)


def _shape(value: Any) -> tuple[int, ...]:
    """Of nested lists of numbers; -1 stands for a length or value that does not fit."""
    if isinstance(value, list):
        shapes = {_shape(part) for part in value}
        return (len(value), *(shapes.pop() if len(shapes) == 1 else (-1,)))
    is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return () if is_number else (-1,)


def _find_duplicates(part: str, ids: list[str]) -> Iterator[Difference]:
    for name, count in Counter(ids).most_common(1):
        if count > 1:
            yield Difference(part, f"{name}, times", count, 1)
