"""The environments that two records come from: why equal code may give different last bits.

In the same environment bytes have to agree. A different device, processor, precision, number of
threads or processes, or version of a library that does the arithmetic of networks rounds sums
differently; there the bounds of `benchmark.verification.tolerances` hold. So they do where a record
knows its processor by name alone: virtual machines give one name to several generations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmark.api import UserError
from benchmark.experiment.registry import load_system
from benchmark.experiment.system_source import find_source
from benchmark.runtime.processor import DETAILS
from benchmark.store import provenance
from benchmark.verification.raw_records import RawRecord, RawReport

ARITHMETIC = ("torch", "transformers", "numpy")
"""The packages whose version changes last bits."""

STAGES = "train", "generate"
"""Those that a network computes; a system that is not trained has the second alone."""


def environment_changes(stored: RawRecord, fresh: RawRecord) -> tuple[str, ...]:
    """Why bytes need not agree, as sentences; empty where they have to."""
    changes = []
    if (stored.line["training"] or {}).get("ended_by") == "seconds":
        changes.append("a clock ended the training")
    stages = [stage for stage in STAGES if any(stage in of.line["made"] for of in (stored, fresh))]
    for stage in stages or STAGES:
        before, after = _conditions_of(stored, stage), _conditions_of(fresh, stage)
        for name in before:
            if None not in (before[name], after.get(name)) and before[name] != after[name]:
                changes.append(f"{name} was {before[name]}, is {after[name]}")
        changes += _describe_unknown_processor(before, after)
    return tuple(dict.fromkeys(changes))


def describe_origin(report: RawReport) -> tuple[str, ...]:
    """Code and versions of the record beside those that are installed, as sentences."""
    recorded, here = report.run.get("code", {}), provenance.code()
    names = (
        f"{(of.get('commit') or 'no commit')[:9]} ({of.get('digest')})" for of in (recorded, here)
    )
    same = recorded.get("digest") == here["digest"]
    code = "same as in the record" if same else "{} in the record, {} here".format(*names)
    versions, present = report.run.get("versions", {}), provenance.versions()
    changes = (
        f"{name}: {version} in the record, {present.get(name, 'not installed')} here"
        for name, version in versions.items()
        if present.get(name) != version
    )
    return (f"code: {code}", *changes, *_describe_sources(report))


def _describe_sources(report: RawReport) -> Iterator[str]:
    """The sources of users' systems in the record beside those that are here."""
    for system, info in report.run.get("systems", {}).items():
        recorded = info.get("source")
        if recorded is None:
            continue
        made = ", ".join(recorded.get("made") or [recorded["digest"]])
        try:
            path = info.get("path") or system
            source = find_source(path, load_system(path))
        except UserError:
            source = None
        if source is None:
            yield f"source of {system}: {made} in the record, not found here"
        elif {*(recorded.get("made") or [recorded["digest"]])} == {source.digest}:
            yield f"source of {system}: same as in the record"
        else:
            yield f"source of {system}: {made} in the record, {source.digest} here"


def _conditions_of(record: RawRecord, stage: str) -> dict[str, Any]:
    """What changes last bits of a stage, by name; None where unknown."""
    name = record.line["made"].get(stage)
    if name is not None:
        return _relevant_conditions(record.run["conditions"][name])
    # Reports up to version 0.2.0 know the machine that gathered the records alone.
    machine = record.run.get("machine", {})
    guessed = "cuda" if machine.get("gpu") and "cpu" not in record.run.get("command", ()) else "cpu"
    versions = record.run.get("versions", {})
    return _relevant_conditions({"device": guessed, "versions": versions, **machine})


def _describe_unknown_processor(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    """That the processors may differ in spite of one name; nothing where both are known."""
    if not before["device"] == after["device"] == "cpu":
        return
    is_other = None not in (before["cpu"], after["cpu"]) and before["cpu"] != after["cpu"]
    if not is_other and None in (before["cpu_model"], after["cpu_model"]):
        yield "a record does not name the model of its processor"


def _relevant_conditions(conditions: Mapping[str, Any]) -> dict[str, Any]:
    # The processor matters only where it computes.
    on_cpu = conditions["device"] == "cpu"
    processor = ("cpu", *DETAILS) if on_cpu else ("gpu",)
    names = ("device", "threads", "processes", "precision", *processor)
    found = {name: conditions.get(name) for name in names}
    return found | {name: conditions["versions"].get(name) for name in ARITHMETIC}
