"""Two records of one cell side by side: bytes, but for what was measured with a clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmark.verification.findings import Difference
from benchmark.verification.kept_report import BrokenRecordError, Row, StoredCell

CLOCK_FIELDS = frozenset({"seconds", "wall_s", "network_s", "peak_bytes", "seconds_per_candidate"})
"""Fields that a clock, or the memory of a process, filled."""

PARTS = (
    "files", "status", "setting", "keys", "training", "losses", "candidates", "statuses", "cost",
    "values", "score", "trace",
)  # fmt: skip
"""What is compared, in the order in which a cell makes it."""

_MISSING = "nothing"

_OPTIONAL = {
    ("training", "system_digest"): "a digest of the trained weights",
    ("keys", "trace"): "curves along a generation",
}
"""What a record may do without: old versions made no digest, calls without `--trace` no curves."""


@dataclass(frozen=True)
class Compared:
    """What two records of a cell have in common."""

    differences: tuple[Difference, ...]
    """The first of each part."""
    notes: tuple[str, ...]
    """What could not be compared."""
    metrics: tuple[str, ...]
    """Those that measure the same in both."""
    equal_candidates: int
    kept_candidates: int
    """Of those whose texts both records keep."""


def compare(stored: StoredCell, fresh: StoredCell) -> Compared:
    """Compare all parts of two records of one cell.

    Of records that other code made, keys that they do not have are passed over, and so are the
    names of settings. What is optional is then compared where both have it, and noted where not.
    """
    same_code = len(_codes(stored) | _codes(fresh)) == 1
    comparable, notes = _comparable_metrics(stored, fresh)
    if same_code:  # which does not explain another metric
        comparable, notes = list(stored.metrics | fresh.metrics), []
    one_sided = {} if same_code else _one_sided(stored, fresh)
    notes += [f"only one of the records has {what}" for what in one_sided.values()]
    found = [
        *_fields(stored, fresh, same_code=same_code, comparable=comparable, without=one_sided),
        *_from_files("losses", stored, fresh, _losses),
        *_from_files("candidates", stored, fresh, _candidates),
        *_from_files("values", stored, fresh, lambda a, b: _values(a, b, comparable)),
        *_from_files("trace", stored, fresh, _traces),
    ]
    found.sort(key=lambda difference: PARTS.index(difference.part))
    equal, kept = _shared_candidates(stored, fresh)
    return Compared(tuple(found), tuple(notes), tuple(comparable), equal, kept)


def same_candidates(stored: StoredCell, fresh: StoredCell) -> bool:
    """Whether all candidates, the kept ones and the others, have the same known digest."""
    return _digest(stored) is not None and _digest(stored) == _digest(fresh)


def without_clocks(value: Any) -> Any:
    """A JSON value without what no rerun repeats."""
    if isinstance(value, Mapping):
        return {k: without_clocks(v) for k, v in value.items() if k not in CLOCK_FIELDS}
    return [without_clocks(part) for part in value] if isinstance(value, list) else value


def first_difference(stored: Any, fresh: Any, *, same_keys: bool = True) -> Difference | None:
    """The first place where two JSON values differ; its part is empty.

    Args:
        stored: the one value.
        fresh: the other.
        same_keys: False passes over keys that `stored` does not have.
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


def _codes(cell: StoredCell) -> set[Any]:
    """Digests of the sources that made the cell and gathered its record."""
    made = [cell.run["conditions"][name]["code"] for name in cell.line["made"].values()]
    return {cell.run.get("code", {}).get("digest"), *made}


def _one_sided(stored: StoredCell, fresh: StoredCell) -> dict[tuple[str, str], str]:
    """What is optional and not in both, by part and name."""

    def has(cell: StoredCell, part: str, name: str) -> bool:
        return (cell.line[part] or {}).get(name) is not None

    return {
        place: what
        for place, what in _OPTIONAL.items()
        if has(stored, *place) != has(fresh, *place)
    }


def _fields(
    stored: StoredCell,
    fresh: StoredCell,
    *,
    same_code: bool,
    comparable: Sequence[str],
    without: Collection[tuple[str, str]],
) -> Iterator[Difference]:
    """The first difference of each part that stands in the line itself."""
    same_scores = same_code and same_candidates(stored, fresh)

    def parts(cell: StoredCell) -> dict[str, Any]:
        line = without_clocks(cell.line)
        for part, name in without:
            (line[part] or {}).pop(name, None)
        setting, keys, score = line["setting"], dict(line["keys"]), dict(line["score"] or {})
        score["metrics"] = {n: cell.metrics[n] for n in comparable if n in cell.metrics}
        # Told with the candidates; and what the key of the scores is made of.
        score.pop("candidates_digest", None)
        if not same_scores:
            keys.pop("score")
        if not same_code:  # which may name things anew
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
            "cost": line["cost"] if _batch(stored) == _batch(fresh) else None,
            "score": score if line["score"] else None,
        }

    before, after = parts(stored), parts(fresh)
    for part in before:
        found = first_difference(before[part], after[part], same_keys=same_code)
        if found is not None:
            yield Difference(part, found.where, found.stored, found.fresh)


def _batch(cell: StoredCell) -> Any:
    """Rows decoded at once: with other batches more or less padding is computed."""
    return _batch_of(cell.run.get("suite_yaml", ""))


@lru_cache(maxsize=8)
def _batch_of(suite_yaml: str) -> Any:
    import yaml

    suite = yaml.safe_load(suite_yaml) or {}
    return suite.get("evaluation", {}).get("batch")


def _from_files(
    part: str,
    stored: StoredCell,
    fresh: StoredCell,
    differences: Callable[[StoredCell, StoredCell], Iterator[Difference]],
) -> Iterator[Difference]:
    """The first difference of a part; a file that cannot be read is one."""
    try:
        found = next(differences(stored, fresh), None)
    except BrokenRecordError as error:
        found = Difference("files", part, str(error), "a file that can be read")
    if found is not None:
        yield found


def _losses(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    cells = stored, fresh
    if not all(cell.line["training"] is not None and cell.keeps("events") for cell in cells):
        return
    before, after = without_clocks(stored.events), without_clocks(fresh.events)
    for one, other in zip(before, after, strict=False):
        for found in _walk(one, other, (), True):
            where = f"update {one.get('update')}, {one.get('kind')} {found.where}"
            yield Difference("losses", where, found.stored, found.fresh)
    if len(before) != len(after):
        yield Difference("losses", "lines of the log", len(before), len(after))


def _candidates(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    agree = same_candidates(stored, fresh)
    if _keeps_texts(stored) and _keeps_texts(fresh):
        for one, other in zip(stored.samples, fresh.samples, strict=False):
            for found in _walk(one, other, (), True):
                where = f"{one['id']}, {_place(found.where)}"
                if agree:
                    where += " (all candidates have the recorded digest: the kept text was changed)"
                yield Difference("candidates", where, found.stored, found.fresh)
        if len(stored.samples) != len(fresh.samples):
            yield Difference("candidates", "kept sources", len(stored.samples), len(fresh.samples))
    digests = _digest(stored), _digest(fresh)
    if digests[0] != digests[1]:
        yield Difference("candidates", "beyond the kept ones, digest of all", *digests)


def _digest(cell: StoredCell) -> Any:
    """Of all candidates; None where they were not scored."""
    return (cell.line["score"] or {}).get("candidates_digest")


def _place(path: str) -> str:
    """`candidates 2 text` as `k 2 text`."""
    return path.replace("candidates ", "k ", 1)


def _keeps_texts(cell: StoredCell) -> bool:
    return bool(cell.line["statuses"]) and cell.keeps("samples")


def _values(
    stored: StoredCell, fresh: StoredCell, comparable: Sequence[str]
) -> Iterator[Difference]:
    if stored.line["score"] is None or fresh.line["score"] is None:
        return
    for one, other in zip(stored.values, fresh.values, strict=False):
        for found in _walk(_compared(one, comparable), _compared(other, comparable), (), True):
            where = f"{one['id']}, {found.where.removeprefix('metrics ')}"
            yield Difference("values", where, found.stored, found.fresh)
    if len(stored.values) != len(fresh.values):
        yield Difference("values", "sources", len(stored.values), len(fresh.values))


def _traces(stored: StoredCell, fresh: StoredCell) -> Iterator[Difference]:
    # Other code may trace under another key; keys are compared where they have to agree.
    if stored.trace_key is not None and fresh.trace_key is not None:
        for found in _walk(stored.trace, fresh.trace, (), True):
            yield Difference("trace", found.where, found.stored, found.fresh)


def _compared(row: Row, comparable: Sequence[str]) -> Row:
    metrics = row["metrics"]
    return row | {"metrics": {name: metrics[name] for name in comparable if name in metrics}}


def _comparable_metrics(stored: StoredCell, fresh: StoredCell) -> tuple[list[str], list[str]]:
    """Metrics that measure the same in both records, and sentences about the others."""
    comparable, notes = [], []
    for name, entry in stored.metrics.items():
        other = fresh.metrics.get(name)
        if other is None:
            if fresh.line["score"] is not None:
                notes.append(f"{name} is not measured now")
        elif other["signature"] != entry["signature"]:
            notes.append(
                f"{name} is another metric now: {other['signature']}, was {entry['signature']}"
            )
        else:
            comparable.append(name)
    return comparable, notes


def _shared_candidates(stored: StoredCell, fresh: StoredCell) -> tuple[int, int]:
    """How many kept candidates have equal texts, and of how many."""
    if not (_keeps_texts(stored) and _keeps_texts(fresh)):
        return 0, 0
    try:
        texts = [
            [[c["text"] for c in row["candidates"]] for row in cell.samples]
            for cell in (stored, fresh)
        ]
    except BrokenRecordError:
        return 0, 0
    pairs = [
        one == other
        for before, after in zip(*texts, strict=False)
        for one, other in zip(before, after, strict=False)
    ]
    return sum(pairs), len(pairs)
