"""Two records of one trial and setting side by side: bytes, but for what a clock measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import yaml

from benchmark.api import UserError
from benchmark.runtime.yaml_format import read_yaml
from benchmark.verification.findings import Difference
from benchmark.verification.raw_records import BrokenFileError, RawRecord, Row

CLOCK_FIELDS = frozenset({"seconds", "wall_s", "network_s", "peak_bytes", "seconds_per_candidate"})
"""Fields that a clock, or the memory of a process, filled."""

PARTS = (
    "files", "status", "setting", "keys", "training", "losses", "candidates", "statuses", "cost",
    "values", "score", "valid", "trace", "likelihoods",
)  # fmt: skip
"""What is compared, in the order in which a trial produces it."""

_MISSING = "nothing"

_OPTIONAL = {
    ("training", "system_digest"): "a digest of the trained weights",
    ("keys", "trace"): "curves along a generation",
    ("keys", "likelihood"): "likelihoods of the targets",
}
"""What a record may lack: old versions made no digest, calls without `--trace` no curves."""


@dataclass(frozen=True)
class Compared:
    """How two records of one trial and setting compare."""

    differences: tuple[Difference, ...]
    """The first of each part."""
    notes: tuple[str, ...]
    """What could not be compared."""
    metrics: tuple[str, ...]
    """Those that measure the same in both."""


def compare(stored: RawRecord, fresh: RawRecord) -> Compared:
    """Compare all parts of two records of one trial and setting.

    If different code made them, keys that one of them lacks are ignored, and so are the names of
    settings. What is optional is then compared where both have it, and noted where not.
    """
    same_code = len(_codes(stored) | _codes(fresh)) == 1
    comparable, notes = _comparable_metrics(stored, fresh)
    if same_code:  # which does not explain a different metric
        comparable = list(stored.metrics | fresh.metrics)
    one_sided = [] if same_code else [p for p in _OPTIONAL if _has(stored, p) != _has(fresh, p)]
    notes += [f"only one of the records has {_OPTIONAL[place]}" for place in one_sided]
    batches = {_read_batch(of.run.get("suite_yaml") or "") for of in (stored, fresh)}
    if len(batches) > 1 and stored.line["cost"] and fresh.line["cost"]:
        why = "of unknown" if None in batches else "of another"
        notes.append(f"costs are not compared: one of the two decoded in batches {why} size")
    found = [
        *_compare_fields(
            stored,
            fresh,
            same_code=same_code,
            comparable=comparable,
            without=one_sided,
            same_batch=len(batches) == 1,
        ),
        *_compare_files("losses", stored, fresh, _compare_losses),
        *_compare_files("candidates", stored, fresh, _compare_candidates),
        *_compare_files("values", stored, fresh, partial(_compare_values, comparable=comparable)),
        *_compare_files("trace", stored, fresh, _compare_traces),
        *_compare_files("likelihoods", stored, fresh, _compare_likelihoods),
    ]
    first = {difference.part: difference for difference in reversed(found)}
    ordered = sorted(first.values(), key=lambda difference: PARTS.index(difference.part))
    return Compared(tuple(ordered), tuple(notes), tuple(comparable))


def same_candidates(stored: RawRecord, fresh: RawRecord) -> bool:
    """Whether all candidates, the kept ones and the others, have the same known digest."""
    return _digest(stored) is not None and _digest(stored) == _digest(fresh)


def _digest(record: RawRecord) -> Any:
    """Of all candidates; None where they were not scored."""
    return (record.line["score"] or {}).get("candidates_digest")


def without_clocks(value: Any) -> Any:
    """A JSON value without what no rerun reproduces."""
    if isinstance(value, Mapping):
        return {k: without_clocks(v) for k, v in value.items() if k not in CLOCK_FIELDS}
    return [without_clocks(part) for part in value] if isinstance(value, list) else value


def first_difference(stored: Any, fresh: Any, *, same_keys: bool = True) -> Difference | None:
    """The first place where two JSON values differ; its part is empty.

    Args:
        stored: the one value.
        fresh: the other.
        same_keys: False ignores keys that `stored` does not have.
    """
    return next(_walk(stored, fresh, (), same_keys), None)


def _walk(a: Any, b: Any, path: tuple[str, ...], same_keys: bool) -> Iterator[Difference]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in (*a, *(key for key in b if same_keys and key not in a)):
            yield from _walk(a.get(key, _MISSING), b.get(key, _MISSING), (*path, key), same_keys)
    elif isinstance(a, list) and isinstance(b, list):
        for number, (one, other) in enumerate(zip(a, b, strict=False)):
            yield from _walk(one, other, (*path, str(number)), same_keys)
        if len(a) != len(b):
            yield Difference("", " ".join((*path, "count")), len(a), len(b))
    elif a != b or type(a) is not type(b):
        yield Difference("", " ".join(path), a, b)


def _codes(record: RawRecord) -> set[Any]:
    """Digests of the sources that made the record and gathered its record."""
    made = [record.run["conditions"][name]["code"] for name in record.line["made"].values()]
    return {record.run.get("code", {}).get("digest"), *made}


def _has(record: RawRecord, place: tuple[str, str]) -> bool:
    part, name = place
    return (record.line[part] or {}).get(name) is not None


def _compare_fields(
    stored: RawRecord,
    fresh: RawRecord,
    *,
    same_code: bool,
    comparable: Sequence[str],
    without: Collection[tuple[str, str]],
    same_batch: bool,
) -> Iterator[Difference]:
    """The first difference of each part that stands in the line itself."""
    same_scores = same_code and same_candidates(stored, fresh)
    both_likely = all(_has(record, ("keys", "likelihood")) for record in (stored, fresh))

    def parts(record: RawRecord) -> dict[str, Any]:
        line = without_clocks(record.line)
        for part, name in without:
            (line[part] or {}).pop(name, None)
        setting, keys, score = line["setting"], dict(line["keys"]), dict(line["score"] or {})
        score["metrics"] = {n: record.metrics[n] for n in comparable if n in record.metrics}
        # Compared with the candidates; the key of the scores depends on it.
        score.pop("candidates_digest", None)
        valid = dict(line.get("valid") or {})
        if not same_scores:
            keys.pop("score")
            valid.pop("score", None)
        if not same_code:  # which may have renamed things
            score["metrics"] = {
                name: {key: entry[key] for key in ("signature", "statistics")}
                for name, entry in score["metrics"].items()
            }
            setting = {name: setting[name] for name in ("decoding", "kind")}
        return {
            "status": {name: line[name] for name in ("error", "status")},
            "setting": setting,
            "keys": keys,
            "training": line["training"],
            "statuses": line["statuses"],
            "cost": line["cost"] if same_batch else None,
            "score": score if line["score"] else None,
            "valid": valid,
            "likelihoods": line.get("likelihood") if both_likely else None,
        }

    before, after = parts(stored), parts(fresh)
    if not same_code and not (before["valid"] and after["valid"]):
        # Old versions decoded nothing of the valid split.
        del before["valid"], after["valid"]
    for part in before:
        found = first_difference(before[part], after[part], same_keys=same_code)
        if found is not None:
            yield Difference(part, found.where, found.stored, found.fresh)


@lru_cache(maxsize=8)
def _read_batch(suite_yaml: str) -> Any:
    """Rows decoded at once, on which it depends how much padding is computed; None if unknown."""
    try:
        suite = read_yaml(suite_yaml)
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise UserError(f"The suite in records/run.json is not valid YAML: {why}.") from error
    evaluation = suite.get("evaluation") if isinstance(suite, dict) else None
    return evaluation.get("batch") if isinstance(evaluation, dict) else None


def _compare_files(
    part: str,
    stored: RawRecord,
    fresh: RawRecord,
    differences: Callable[[RawRecord, RawRecord], Iterator[Difference]],
) -> Iterator[Difference]:
    """The first difference of a part; a file that cannot be read is one."""
    try:
        found = next(differences(stored, fresh), None)
    except BrokenFileError as error:
        found = Difference("files", part, str(error), "a file that can be read")
    if found is not None:
        yield found


def _compare_losses(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    if stored.keeps_events and fresh.keeps_events:
        events = (without_clocks(record.events) for record in (stored, fresh))
        yield from _compare_rows("losses", *events, count="lines of the log")


def _compare_candidates(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    digests = _digest(stored), _digest(fresh)
    if stored.keeps_texts and fresh.keeps_texts:
        samples = stored.samples, fresh.samples
        for found in _compare_rows("candidates", *samples, count="kept sources"):
            if same_candidates(stored, fresh) and found.where != "kept sources":
                why = " (all candidates have the recorded digest: the kept text was changed)"
                found = replace(found, where=found.where + why)
            yield found
    if digests[0] != digests[1]:
        yield Difference("candidates", "beyond the kept ones, digest of all", *digests)


def _compare_values(
    stored: RawRecord, fresh: RawRecord, comparable: Collection[str]
) -> Iterator[Difference]:
    if stored.line["score"] is not None and fresh.line["score"] is not None:
        rows = (
            [
                row | {"metrics": {n: v for n, v in row["metrics"].items() if n in comparable}}
                for row in record.values
            ]
            for record in (stored, fresh)
        )
        yield from _compare_rows("values", *rows, count="sources")


def _compare_traces(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    # Other code may trace under another key; keys are compared where they have to agree.
    if stored.keys.get("trace") is not None and fresh.keys.get("trace") is not None:
        for found in _walk(stored.trace, fresh.trace, (), True):
            yield replace(found, part="trace")


def _compare_likelihoods(stored: RawRecord, fresh: RawRecord) -> Iterator[Difference]:
    if stored.keys.get("likelihood") is not None and fresh.keys.get("likelihood") is not None:
        rows = stored.likelihoods, fresh.likelihoods
        yield from _compare_rows("likelihoods", *rows, count="targets")


def _compare_rows(
    part: str, stored: Sequence[Row], fresh: Sequence[Row], *, count: str
) -> Iterator[Difference]:
    """The differences of two lists of examples or events, then that of their lengths, `count`."""
    for one, other in zip(stored, fresh, strict=False):
        name = f"{one['id']}, " if "id" in one else f"update {one['update']}, {one['kind']} "
        for found in _walk(one, other, (), True):
            place = found.where.removeprefix("metrics ").replace("candidates ", "k ", 1)
            yield replace(found, part=part, where=name + place)
    if len(stored) != len(fresh):
        yield Difference(part, count, len(stored), len(fresh))


def _comparable_metrics(stored: RawRecord, fresh: RawRecord) -> tuple[list[str], list[str]]:
    """Metrics that measure the same in both records, and sentences about the others."""
    comparable, notes = [], []
    for name, entry in stored.metrics.items():
        other = fresh.metrics.get(name)
        if other is None:
            if fresh.line["score"] is not None:
                notes.append(f"{name} is no longer measured")
        elif other["signature"] != entry["signature"]:
            notes.append(
                f"{name} is a different metric now: {other['signature']}, was {entry['signature']}"
            )
        else:
            comparable.append(name)
    return comparable, notes
