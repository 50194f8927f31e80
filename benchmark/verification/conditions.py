"""On what a cell was made: what explains that equal code gives other last bits.

Between equal conditions bytes have to agree. Another device, processor, number of threads or of
processes, or another version of a library that does the arithmetic of networks rounds sums in
another way; there the stated bounds of `benchmark.verification.tolerances` hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmark.store import provenance
from benchmark.verification.kept_report import StoredCell, StoredReport

ARITHMETIC = ("torch", "transformers", "numpy")
"""The packages whose version moves last bits."""


def changed_conditions(stored: StoredCell, fresh: StoredCell) -> tuple[str, ...]:
    """Why bytes need not agree, as sentences; empty where they have to."""
    told = []
    if (stored.line["training"] or {}).get("ended_by") == "seconds":
        told.append("a clock ended the training")
    for stage in ("train", "generate"):
        before, after = _conditions_of(stored, stage), _conditions_of(fresh, stage)
        for name in before:
            if None not in (before[name], after.get(name)) and before[name] != after[name]:
                told.append(f"{name} was {before[name]}, is {after[name]}")
    return tuple(dict.fromkeys(told))


def describe_origin(report: StoredReport) -> tuple[str, ...]:
    """Code and versions of the record beside those at hand, as sentences."""
    recorded, here = report.run.get("code", {}), provenance.code()
    names = (
        f"{(of.get('commit') or 'no commit')[:9]} ({of.get('digest')})" for of in (recorded, here)
    )
    same = recorded.get("digest") == here["digest"]
    told = [
        "code: that of the record" if same else "code: {} in the record, {} here".format(*names)
    ]
    versions, present = report.run.get("versions", {}), provenance.versions()
    told += [
        f"{name}: {version} in the record, {present.get(name, 'not installed')} here"
        for name, version in versions.items()
        if present.get(name) != version
    ]
    return tuple(told)


def _conditions_of(cell: StoredCell, stage: str) -> dict[str, Any]:
    """The conditions of a stage that move last bits, by name; None where unknown."""
    name = cell.line["made"].get(stage)
    if name is not None:
        return _relevant_conditions(cell.run["conditions"][name])
    # Reports up to version 0.2.0 know the machine that gathered the records alone.
    machine = cell.run.get("machine", {})
    guessed = "cuda" if machine.get("gpu") and "cpu" not in cell.run.get("command", ()) else "cpu"
    versions = cell.run.get("versions", {})
    return _relevant_conditions({"device": guessed, "versions": versions, **machine})


def _relevant_conditions(conditions: Mapping[str, Any]) -> dict[str, Any]:
    names: Iterable[str] = ("device", "threads", "processes")
    # What does not compute does not matter.
    names = (*names, "cpu" if conditions["device"] == "cpu" else "gpu")
    found = {name: conditions.get(name) for name in names}
    return found | {name: conditions["versions"].get(name) for name in ARITHMETIC}
