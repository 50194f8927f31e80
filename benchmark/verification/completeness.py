"""Whether a report is complete: every trial and setting that its suite asks for, each once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from benchmark.api import UserError
from benchmark.experiment.plan import applies, label_budgets
from benchmark.experiment.registry import load_system
from benchmark.experiment.selection import choose_systems
from benchmark.records.merged_trials import TRIALS, list_trials, name_trial
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.plan_from_records import RebuiltPlan
from benchmark.verification.raw_records import RawRecord, RawReport


def find_gaps(
    report: RawReport, records: Sequence[RawRecord], rebuilt: RebuiltPlan
) -> list[Finding]:
    """What the records lack or have twice.

    Args:
        report: all records.
        records: those of the trials that are verified.
        rebuilt: their plan.
    """
    found = [*_find_doubled(records), *_find_absent_settings(rebuilt), *_find_short_files(records)]
    merged = report.run.get("merged") or []
    if merged and all(TRIALS in run for run in merged):  # reports of 0.6.0 do not say
        found += _compare_merged_runs(report)
    elif rebuilt.suite is not None:
        found += _find_absent_trials(report, records, rebuilt)
    return [*found, *_find_silent(report), *_check_source_facts(report)]


def _find_doubled(records: Sequence[RawRecord]) -> Iterator[Finding]:
    counts = Counter((r.identity, r.line["setting"]["label"], "outputs" in r.line) for r in records)
    seeds: dict[tuple[str, ...], int] = {}
    for record in records:
        name = (record.identity, record.line["setting"]["label"], "outputs" in record.line)
        if counts[name] > 1:
            yield _differ(record.subject, "records", "lines of this setting", counts[name], 1)
            counts[name] = 1
        task, system, seed, _ = record.trial
        for stage in ("train", "generate"):
            if (key := record.keys.get(stage)) is None or "outputs" in record.line:
                continue
            first = seeds.setdefault((task, system, stage, key), seed)
            if first != seed:
                where = f"seed of the {stage} entry {key}"
                yield _differ(record.subject, "records", where, seed, first)


def _find_absent_settings(rebuilt: RebuiltPlan) -> Iterator[Finding]:
    for (task, system, seed, _), labels in rebuilt.absent.items():
        for label in labels:
            subject = {"task": task, "system": system, "seed": seed, "setting": label}
            yield _differ(subject, "settings", "of the suite", "nothing", label)


def _find_short_files(records: Sequence[RawRecord]) -> Iterator[Finding]:
    """Kept texts of fewer sources than the other settings of the task have."""
    counts: dict[tuple[str, str], int] = {}
    for record in records:
        if record.keeps_texts:
            try:
                counts[record.line["task"], str(record.keys["generate"])] = len(record.samples)
            except UserError:  # told by the check of its file
                continue
    most: dict[str, int] = {}
    for (task, _), count in counts.items():
        most[task] = max(count, most.get(task, 0))
    for record in records:
        task = record.line["task"]
        kept = counts.get((task, str(record.keys["generate"])))
        score = record.line["score"]
        if kept is None or score is None:
            continue
        expected = min(most[task], score["num_sources"])
        if kept < expected:
            yield _differ(record.subject, "candidates", "kept sources", kept, expected)


def _find_absent_trials(
    report: RawReport, records: Sequence[RawRecord], rebuilt: RebuiltPlan
) -> Iterator[Finding]:
    """Trials that the suite and the call asked for."""
    assert rebuilt.suite is not None
    own = [record for record in report.records if "outputs" not in record.line]
    present = {record.trial for record in own}
    seeds = report.run.get("seeds", [])
    chosen = dict.fromkeys(
        (r.line["task"], r.line["system"]) for r in records if "outputs" not in r.line
    )
    for task_id, task in rebuilt.tasks.items():
        for system in dict.fromkeys(
            (*(name for of, name in chosen if of == task_id), *_asked_for(report, rebuilt, task_id))
        ):
            try:
                budgets = label_budgets(rebuilt.suite, task, load_system(system))
            except UserError:
                continue
            trials = [trial for trial in present if trial[:2] == (task_id, system)]
            learns = any(labels is not None for *_, labels in trials)
            for seed in seeds:
                for labels in budgets if learns else [None]:
                    if (task_id, system, seed, labels) not in present:
                        on = "" if labels is None else f" / labels {labels}"
                        subject = {"task": task_id, "system": system, "seed": seed}
                        subject |= {"setting": f"all{on}"}
                        yield _differ(subject, "trials", "of the suite", "nothing", "a trial")


def _compare_merged_runs(report: RawReport) -> Iterator[Finding]:
    """Trials that one of the merged runs had and the records lack, and the other way round."""
    had = {trial for run in report.run["merged"] for trial in list_trials(run)}
    own = {name_trial(record.line) for record in report.records}
    # Outputs of other people's systems are no trials of a run, and may be scored later.
    outputs = {name_trial(record.line) for record in report.records if "outputs" in record.line}
    for names, stored, fresh in (
        (had - own, "nothing", "a trial"),
        (own - had - outputs, "a trial", "nothing"),
    ):
        for task, system, seed, labels in sorted(names):
            on = f" / labels {labels}" if labels else ""
            subject = {"task": task, "system": system, "seed": seed, "setting": f"all{on}"}
            yield _differ(subject, "trials", "of the merged reports", stored, fresh)
    seeds = sorted({seed for _, _, seed, _ in had - outputs})
    told = report.run.get("seeds", [])
    if seeds != sorted(told):
        yield _differ({"file": "records/run.json"}, "seeds", "of the merged reports", told, seeds)


def _asked_for(report: RawReport, rebuilt: RebuiltPlan, task: str) -> list[str]:
    """The systems that the recorded call names for a task, where the report has them at all."""
    command = list(report.run.get("command", ()))
    if "benchmark.run" not in command or rebuilt.suite is None:
        return []
    names: list[str] = []
    taking = False
    for word in command:
        if word.startswith("--"):
            option, _, value = word.partition("=")
            taking = option == "--system"
            names += [value] if taking and value else []
        elif taking:
            names.append(word)
    try:
        chosen = choose_systems(rebuilt.suite, names or ["default"], task)
    except UserError:
        return []
    known = report.run.get("systems", {})
    return [
        name
        for name in chosen
        if name in known and applies(rebuilt.suite, rebuilt.tasks[task], name)
    ]


def _find_silent(report: RawReport) -> Iterator[Finding]:
    """Tasks and systems that the run names and of which there is no record."""
    for what in ("task", "system"):
        present = {record.line[what] for record in report.records}
        for name in report.run.get(f"{what}s", {}):
            if name not in present:
                yield _differ({what: name}, "records", f"of this {what}", "nothing", "a trial")


def _check_source_facts(report: RawReport) -> Iterator[Finding]:
    for task, info in report.run.get("tasks", {}).items():
        key = info.get("sources")
        if not key:
            continue
        name = f"sources/{key}.jsonl"
        subject = {"file": f"records/{name}"}
        try:
            text = report.files.read(name)
            ids = [json.loads(line)["id"] for line in text.split("\n") if line.strip()]
        except (UserError, ValueError, LookupError, TypeError) as error:
            why = " ".join(str(error).split())
            yield _differ(subject, "files", task, why, "a file that can be read")
            continue
        counted = info.get("counts", {}).get("test", len(ids))
        digest = info.get("sources_digest")
        if len(ids) != counted or len(set(ids)) != len(ids):
            yield _differ(subject, "sources", "lines, each of another source", len(ids), counted)
        elif digest not in (None, fresh := hashlib.sha256(text.encode()).hexdigest()):
            yield _differ(subject, "sources", "digest", digest, fresh)


def _differ(subject: dict[str, Any], part: str, where: str, stored: Any, fresh: Any) -> Finding:
    return Finding(subject, "differs", (), (Difference(part, where, stored, fresh),))
