"""Which outputs belong to which report: entries of the kind `outputs` in the store.

An entry links the candidates of a system, under one setting and one seed, to the name of a report.
Both `benchmark.score` and `benchmark.run` add them when they write the records of that report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from benchmark.experiment.settings import Setting
from benchmark.generation.candidates_file import CANDIDATES, candidate_lines
from benchmark.outputs.source_matching import Outputs
from benchmark.report.data.points import YARDSTICK
from benchmark.store.entries import Store, content_key
from benchmark.store.files import file_digest, write_text
from benchmark.store.provenance import code, versions
from benchmark.tasks import Task


@dataclass(frozen=True)
class RegisteredOutputs:
    """The outputs of one system under one setting and seed, in one report."""

    report: str
    task: str
    test_digest: str
    """Digest of the sources and references."""
    system: str
    info: dict[str, Any]
    """Description of the system for the report: a `SystemInfo`."""
    setting: dict[str, Any]
    """A `Setting`; its roles are assigned when the outputs are added to a report."""
    seed: int
    main: bool
    """Whether it is the row of the table."""
    generate: str
    """Key of the candidates entry."""
    num_samples: int
    facts: dict[str, Any]
    """Format, and how sources were matched."""

    @property
    def key(self) -> str:
        """The key in the store: outputs registered again replace the older ones."""
        named = (self.report, self.task, self.system, self.setting["label"], self.seed)
        return content_key({"stage": "outputs", "named": list(named)})

    @property
    def is_yardstick(self) -> bool:
        """Whether it is a yardstick, made here."""
        return bool(self.info["family"] == YARDSTICK)


def keep_candidates(
    store: Store, task: Task, outputs: Outputs, *, system: str, setting: Setting, seed: int
) -> str:
    """Store the candidates as an entry of the kind `generate`; returns its key."""
    lines = candidate_lines(outputs.examples, outputs.candidates)
    statuses = [c.status for of_source in outputs.candidates for c in of_source]
    identity = {
        "outputs": system,
        "data": task.split_digests["test"],
        "decoding": setting.decoding,
        "seed": seed,
        "candidates": content_key({"lines": lines}),
    }
    key = content_key({"stage": "generate", **identity})
    with store.lock("generate", key):
        if store.record("generate", key) is None:
            path = store.partial("generate", key) / CANDIDATES
            write_text(path, "".join(lines))
            record = {
                "stage": "generate",
                "task": task.id,
                "system": system,
                "seed": seed,
                "setting": asdict(setting),
                "num_sources": len(outputs.examples),
                "num_samples": outputs.num_samples,
                "candidates_digest": file_digest(path),
                "statuses": {name: statuses.count(name) for name in sorted(set(statuses))},
                "cost": None,
                **_provenance(),
            }
            store.finish("generate", key, record)
    return key


def register(store: Store, entry: RegisteredOutputs) -> None:
    """Add outputs to a report; with `main`, other settings of the system lose that role."""
    if entry.main:
        for other in registered(store, entry.report):
            if (other.task, other.system) == (entry.task, entry.system) and other.main:
                _write(store, replace(other, main=False))
    _write(store, entry)


def registered(store: Store, report: str) -> list[RegisteredOutputs]:
    """The outputs that belong to a report, in the order of its lines."""
    names = {field.name for field in fields(RegisteredOutputs)}
    records = (
        store.record("outputs", path.parent.name)
        for path in (store.root / "outputs").glob("*/record.json")
        if path.parent.suffix != ".partial"
    )
    found = [
        RegisteredOutputs(
            **{name: value for name, value in record["entry"].items() if name in names}
        )
        for record in records
        if record is not None and record["entry"]["report"] == report
    ]
    return sorted(
        found,
        key=lambda e: (e.task, e.is_yardstick, e.system, not e.main, e.setting["label"], e.seed),
    )


def remove(store: Store, entries: Iterable[RegisteredOutputs]) -> None:
    """Remove outputs from their report; candidates and scores stay in the store."""
    for entry in entries:
        store.forget("outputs", entry.key)


def _write(store: Store, entry: RegisteredOutputs) -> None:
    record: Mapping[str, Any] = {"stage": "outputs", "entry": asdict(entry), **_provenance()}
    with store.lock("outputs", entry.key):
        store.finish("outputs", entry.key, record)


def _provenance() -> dict[str, Any]:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code(),
        "versions": versions(),
    }
