"""The records of several people in one: what may not be compared is refused, not averaged.

Seeds of a system may come from different reports. Times of different machines are left out, since
only counts can be compared there.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

from benchmark.api import UserError
from benchmark.records.merge_check import check_comparable, refuse
from benchmark.records.merge_part import MergePart, Row, read_part
from benchmark.records.merged_trials import TrialId, name_trial
from benchmark.records.reader import read_records
from benchmark.records.record_files import FILE_OF_STAGE, write_keyed, write_trial_records
from benchmark.records.report_lock import hold_report
from benchmark.runtime.output_paths import make_folder
from benchmark.runtime.yaml_format import write_yaml
from benchmark.store.files import write_json

TIMES = ("network_s", "wall_s", "seconds_per_candidate")

_OPTIONAL = ("train", "generate")
"""Stages whose files a report may leave out: training logs, and texts of data that stay private."""

_Kept = tuple[MergePart, Row]
"""A trial record, and the report that it is from."""


def merge_records(reports: Sequence[Path], folder: Path) -> list[str]:
    """Write `folder/records/` from the records of several reports.

    Returns:
        Sentences on what was left out.

    Raises:
        UserError: if they may not be compared, or the folder is there already.
    """
    if len(reports) < 2:
        raise UserError("--merge needs two reports or more: name all of them.")
    _check_new(folder)
    parts = [read_part(report) for report in reports]
    for one, other in combinations(parts, 2):
        check_comparable(one, other)
    kept, said = _join_lines(parts)
    machines = [*dict.fromkeys(name for part in parts for name in part.machines())]
    has_times = len(machines) == 1
    if not has_times:
        said.append(
            "Times are left out: they are, or may be, of different machines"
            f" ({'; '.join(machines)})."
        )
        _leave_out_times(line for _, line in kept)
    without = [part.report for part in parts if part.lacks_texts]
    if without:
        # A page shows the texts of all or of none.
        said.append(f"Texts are left out: there are none in {' and '.join(map(str, without))}.")
    make_folder(folder.parent, "--merge")
    with hold_report(folder, create=True):
        _check_new(folder)  # somebody else may have made it since
        fresh = folder / f".records-{uuid.uuid4().hex}.tmp"
        make_folder(fresh, "--merge", named=folder)
        try:
            for name, text in _gather_files(parts, kept):
                if without and name.startswith("samples/"):
                    continue
                shown = text if has_times or not name.startswith("events/") else _drop_seconds(text)
                write_keyed(fresh, name, shown)
            write_trial_records(fresh / "cells", [line for _, line in kept])
            write_json(fresh / "run.json", _join_runs(folder.name, parts))
            fresh.rename(folder / "records")
            read_records(folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(folder / "records", ignore_errors=True)
            with suppress(OSError):
                folder.rmdir()
            raise
    return said


def _check_new(folder: Path) -> None:
    """Refuse a folder with anything in it but what a merge that was killed has left."""
    is_free = folder.is_dir() and all(
        path.name == ".lease" or (path.name.startswith(".records-") and path.suffix == ".tmp")
        for path in folder.iterdir()
    )
    if not is_free and (folder.exists() or folder.is_symlink()):
        raise UserError(f"{folder} is there already: give --merge a new folder.")


def _join_lines(parts: Sequence[MergePart]) -> tuple[list[_Kept], list[str]]:
    """The trials of all, each once, seeds of a system side by side; and what to say of them."""
    trials: dict[TrialId, list[tuple[MergePart, dict[str, Row]]]] = {}
    for part in parts:
        found: dict[TrialId, dict[str, Row]] = {}
        for line in part.lines:
            first = found.setdefault(name_trial(line), {}).setdefault(
                line["setting"]["label"], line
            )
            _check_recipe(part, part, first, line)
        for name, settings in found.items():
            trials.setdefault(name, []).append((part, settings))
    said: dict[str, None] = {}
    joined = [of for versions in trials.values() for of in _join_settings(versions, said)]
    _check_seeds(joined)
    systems = [*dict.fromkeys(system for part in parts for system in part.run["systems"])]
    kept = sorted(joined, key=lambda of: (systems.index(of[1]["system"]), of[1]["seed"]))
    return kept, [*said]


def _join_settings(
    versions: Sequence[tuple[MergePart, dict[str, Row]]], said: dict[str, None]
) -> list[_Kept]:
    """The settings of one trial: of the report where most have ended well, the first of such.

    Others give what it lacks, if they decoded the same weights.
    """
    for (one, settings), (other, others) in combinations(versions, 2):
        for label in settings.keys() & others.keys():
            _check_recipe(one, other, settings[label], others[label])
    first, own = max(versions, key=lambda of: sum(map(_is_ok, of[1].values())))
    kept = {label: (first, line) for label, line in own.items()}
    for other, settings in versions:
        for label, line in settings.items() if other is not first else ():
            told = _tell(line)
            held = kept.get(label)
            if held is not None and (_is_ok(held[1]) or not _is_ok(line)):
                if _is_ok(line) and _digest_of(held[1]) != _digest_of(line):
                    said[f"{told} is not the same in {held[0].report} and {other.report}: that of"
                         f" {held[0].report} is taken."] = None  # fmt: skip
            elif _may_share_weights(line, *(of for _, of in kept.values())):
                kept[label] = (other, line)
            else:
                said[f"{told} / {label} of {other.report} is left out: it decoded other weights"
                     f" than the settings of {first.report}."] = None  # fmt: skip
    return [*kept.values()]


def _check_recipe(one: MergePart, other: MergePart, line: Row, again: Row) -> None:
    if line["keys"].get("generate") != again["keys"].get("generate"):
        told = _tell(line)
        raise refuse(
            one, other, f"both have {told} / {line['setting']['label']}, by different recipes or"
            " codes", "leave one of the two out, or run it with other seeds",
        )  # fmt: skip


def _tell(line: Row) -> str:
    return f"{line['task']} / {line['system']} / seed {line['seed']}"


def _is_ok(line: Row) -> bool:
    return bool(line["status"] == "ok")


def _may_share_weights(*lines: Row) -> bool:
    """Whether no two of them say that other weights decoded: yardsticks and old records do not."""
    found = {(line["training"] or {}).get("system_digest") for line in lines}
    return len(found - {None}) <= 1


def _digest_of(line: Row) -> str | None:
    digest: str | None = (line["score"] or {}).get("candidates_digest")
    return digest


def _check_seeds(kept: Iterable[_Kept]) -> None:
    """One training under two seeds would make an interval too narrow."""
    seeds: dict[tuple[str, str, str], _Kept] = {}
    for part, line in kept:
        if (key := line["keys"].get("train")) is None:
            continue
        first = seeds.setdefault((line["task"], line["system"], key), (part, line))
        if first[1]["seed"] != line["seed"]:
            raise refuse(
                first[0], part, f"seeds {first[1]['seed']} and {line['seed']} of {line['task']} /"
                f" {line['system']} are one training", "leave one of the two out",
            )  # fmt: skip


def _gather_files(parts: Sequence[MergePart], kept: Sequence[_Kept]) -> Iterator[tuple[str, str]]:
    """The files that the kept records name, each from the report of its record."""
    held = {part.report: {*part.files.keyed_names()} for part in parts}
    written: set[str] = set()
    for part, line in kept:
        for stage, pattern in FILE_OF_STAGE.items():
            name = pattern.format(line["keys"].get(stage))
            if line["keys"].get(stage) is None or name in written:
                continue
            if stage in _OPTIONAL and name not in held[part.report]:
                continue
            written.add(name)
            yield name, part.files.read(name)
    for part in parts:
        for task in part.run["tasks"].values():
            name = f"sources/{task.get('sources')}.jsonl"
            if name in held[part.report] and name not in written:
                written.add(name)
                yield name, part.files.read(name)


def _leave_out_times(lines: Iterable[Row]) -> None:
    for line in lines:
        for cost in (line["cost"] or {}, (line.get("valid") or {}).get("cost") or {}):
            for name in TIMES:
                cost.pop(name, None)
        if line["training"]:
            line["training"].pop("seconds", None)


def _drop_seconds(text: str) -> str:
    """A training log without the time of each event."""
    events = [json.loads(line) for line in text.split("\n") if line.strip()]
    kept = [{name: of for name, of in event.items() if name != "seconds"} for event in events]
    return "".join(json.dumps(event) + "\n" for event in kept)


def _join_runs(name: str, parts: Sequence[MergePart]) -> Row:
    first = parts[0].run
    suites = [*dict.fromkeys(part.run["suite"] for part in parts)]
    same = len({json.dumps(part.run.get("machine"), sort_keys=True) for part in parts}) == 1
    machines = [*dict.fromkeys(name for part in parts for name in part.gatherers)]
    suite_yaml = _join_suites(parts)
    return {
        **first,
        "run": name,
        "suite": ", ".join(suites),
        "suite_yaml": suite_yaml,
        "command": ["python", "-m", "benchmark.report", "--merge", name,
                    *(part.report.name for part in parts)],
        "machine": first.get("machine", {}) if same else {"cpu": " and ".join(machines)},
        "seeds": sorted({seed for part in parts for seed in part.run.get("seeds") or ()}),
        "tasks": _first_of("tasks", parts),
        "systems": _join_systems(parts),
        "conditions": _first_of("conditions", parts),
        "merged": _list_runs(parts, has_suite=bool(suite_yaml)),
    }  # fmt: skip


def _list_runs(parts: Sequence[MergePart], *, has_suite: bool) -> list[Row]:
    """The runs that all are of, each once; with its recipe where there is none for all."""
    found: list[Row] = []
    for part in parts:
        for run in part.runs:
            kept = {name: of for name, of in run.items() if name != "suite_yaml"}
            if not has_suite and (text := run.get("suite_yaml") or part.run.get("suite_yaml")):
                kept["suite_yaml"] = text
            if kept not in found:
                found.append(kept)
    return found


def _join_systems(parts: Sequence[MergePart]) -> Row:
    found = _first_of("systems", parts)
    for name, info in found.items():
        same = [part.run["systems"][name] for part in parts if name in part.run["systems"]]
        counts = [of["tuned_trials"] for of in same if of.get("tuned_trials") is not None]
        if counts:
            info["tuned_trials"] = max(counts)
        if info.get("source"):
            made = (digest for of in same for digest in of["source"].get("made", ()))
            info["source"] = info["source"] | {"made": [*dict.fromkeys(made)]}
    return found


def _first_of(name: str, parts: Sequence[MergePart]) -> Row:
    """All entries, each from the first report that has it."""
    found: Row = {}
    for part in parts:
        for key, of in (part.run.get(name) or {}).items():
            found.setdefault(key, of)
    return found


def _join_suites(parts: Sequence[MergePart]) -> str:
    """The recipe with all seeds, where it is one recipe; else empty."""
    recipes = [{key: of for key, of in part.suite.items() if key != "seeds"} for part in parts]
    if any(recipe != recipes[0] for recipe in recipes) or not recipes[0]:
        return ""
    seeds = sorted({seed for part in parts for seed in part.suite.get("seeds", [])})
    return write_yaml({**parts[0].suite, "seeds": seeds})
