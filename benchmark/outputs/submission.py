"""From files to an entry of a report: read, match, describe, check, register."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from benchmark.api import CandidateKind, UserError
from benchmark.experiment.settings import Setting
from benchmark.experiment.suite import Suite
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.outputs.format_detection import read_outputs
from benchmark.outputs.output_row import OutputRow
from benchmark.outputs.registered_outputs import (
    RegisteredOutputs,
    keep_candidates,
    register,
    registered,
    remove,
)
from benchmark.outputs.source_matching import Outputs, match, take_own_sources
from benchmark.outputs.target_report import Target, task_of_examples, task_of_run
from benchmark.outputs.text_remarks import remark_on_texts
from benchmark.outputs.yardstick_outputs import yardsticks
from benchmark.store.entries import Store
from benchmark.tasks import TASKS, Task, list_tasks, load_task
from benchmark.tasks.file_reading import describe_reading


@dataclass(frozen=True)
class Submission:
    """Output files, and what their owner states about them."""

    files: tuple[Path, ...]
    task: str
    system: str
    data_dir: Path | None = None
    format: str | None = None
    key: str | None = None
    """The field that holds the outputs; None: found by its name."""
    references: Literal["task", "from-file"] = "task"
    partial: bool = False
    candidates: int | None = None
    """Number of candidates to take per source, the first ones; None = all."""
    kind: CandidateKind | None = None
    """None: samples if there are several, else a single answer."""
    family: str = "other"
    knob_value: str | None = None
    """`name=number`."""
    label: str | None = None
    """Label of the setting; None: the knob's value, or `main`."""
    main: bool = False
    seed: int = 1


def enter(
    submission: Submission, target: Target, suite: Suite, store: Store
) -> tuple[RegisteredOutputs, Task, list[str]]:
    """Store outputs and add them, with any missing yardsticks, to a report.

    Returns:
        The entry, the task with the sources that it covers, and remarks on what limits the scores.

    Raises:
        UserError: if the files cannot be read or matched, or do not fit the report.
    """
    format_name, rows, task, outputs = _read(submission, target, suite)
    scoring = resolve_scoring(suite, task)
    notes = [*outputs.remarks, *remark_on_texts(outputs.examples, outputs.candidates)]
    notes += _remark_on_fields(rows)
    setting = _setting(submission, outputs)
    entry = RegisteredOutputs(
        report=target.name,
        task=task.id,
        test_digest=task.split_digests["test"],
        system=submission.system,
        info={
            "family": submission.family,
            "title": "outputs that were scored, not made here",
            "knob": setting.knob,
            "trainable": False,
            "from_scratch": False,
        },
        setting=_as_json(setting),
        seed=submission.seed,
        main=submission.main,
        generate="",
        num_samples=outputs.num_samples,
        facts={
            "format": format_name,
            "matched": outputs.matched,
            "agreeing": outputs.agreeing,
            "sources": len(outputs.examples),
            "split": outputs.split,
            "rows": len(rows),
            "left_out": outputs.left_out,
            "notes": notes,
        },
    )
    scored = [
        other
        for other in registered(store, target.name)
        if other.task == task.id and not other.is_yardstick
    ]
    others = [other for other in scored if other.key != entry.key]
    _check_fit(entry, others, target)
    entry = replace(
        entry,
        # The first setting is the row of the table, until another one claims it.
        main=entry.main or all(not o.main for o in others if o.system == entry.system),
        generate=keep_candidates(
            store, task, outputs, system=entry.system, setting=setting, seed=entry.seed
        ),
    )
    register(store, entry)
    _add_yardsticks([entry, *others], target, suite, task, store)
    return entry, task, [*scoring.remarks, *notes, *_remarks(entry, others, outputs, target)]


def _read(
    submission: Submission, target: Target, suite: Suite
) -> tuple[str, list[OutputRow], Task, Outputs]:
    """The format, the rows, the task with the scored sources, and the outputs."""
    name, data_dir, count = submission.task, submission.data_dir, submission.candidates
    if submission.references == "from-file":
        _check_own(submission, target)
        format_name, rows = read_outputs(submission.files, submission.format, submission.key)
        outputs = take_own_sources(rows, num_samples=count)
        return format_name, rows, task_of_examples(name, outputs.examples), outputs
    if name not in TASKS and data_dir is None:
        raise UserError(
            f"There is no task {name!r}: give its data folder with --data-dir, or --references"
            " from-file if the files contain sources and references."
        )
    format_name, rows = read_outputs(submission.files, submission.format, submission.key)
    split = f"the test split of {name}"
    if not target.of_a_run:
        whole = load_task(name, data_dir=data_dir, limits={"train": 0, "valid": 0})
        outputs = match(
            rows, whole.test, split=split, partial=submission.partial, num_samples=count
        )
        _check_plain(submission, format_name, outputs)
        outputs = _with_unread(outputs, whole)
        return format_name, rows, task_of_examples(name, outputs.examples), outputs
    if submission.partial:
        raise UserError(
            f"--partial: the rows of {target.folder} cover all of its sources: omit --report,"
            " so that the yardsticks cover the same part."
        )
    used, whole = task_of_run(target, suite, name, data_dir)
    outputs = match(rows, whole.test, split=split, limit=len(used.test), num_samples=count)
    _check_plain(submission, format_name, outputs)
    return format_name, rows, used, _with_unread(outputs, whole)


def _with_unread(outputs: Outputs, task: Task) -> Outputs:
    """The outputs with remarks on what of the files of the task is not read."""
    _, *unread = [*describe_reading(task)] or [""]
    return replace(outputs, remarks=(*outputs.remarks, *unread))


def _check_plain(submission: Submission, format_name: str, outputs: Outputs) -> None:
    """Refuse a table that was taken for plain text: its lines hold the ids or the sources.

    Raises:
        UserError: unless the format was chosen.
    """
    if format_name != "plain" or submission.format is not None:
        return
    tables = sum(
        _begins_with_cell(of_source[0].text, example.id)
        or _begins_with_cell(of_source[0].text, example.source)
        for example, of_source in zip(outputs.examples, outputs.candidates, strict=True)
    )
    if 2 * tables >= len(outputs.examples):
        raise UserError(
            f"{submission.files[0]} looks like a table: {tables:,} of {len(outputs.examples):,}"
            " lines begin with the id or the source: name it .csv or .tsv with the names of its"
            " columns in the first line, such as source,output, or insist with --format plain."
        )


def _begins_with_cell(line: str, cell: str) -> bool:
    rest = line.lstrip(' "')
    return rest.startswith(cell) and rest[len(cell) :].lstrip(' "').startswith(
        (",", ";", "|", "\t")
    )


def _remark_on_fields(rows: Sequence[OutputRow]) -> list[str]:
    """A sentence on the fields that were not read; empty if there are none."""
    counts = Counter(name for row in rows for name in row.ignored)
    if not counts:
        return []
    named = ", ".join(f"{name!r:.60} ({count:,})" for name, count in counts.most_common(10))
    more = f" and {len(counts) - 10} more" if len(counts) > 10 else ""
    return [f"Fields that were not read: {named}{more}."]


def _check_own(submission: Submission, target: Target) -> None:
    """Reject a file's own references for a task that has references."""
    name, data_dir = submission.task, submission.data_dir
    if name in TASKS or (data_dir is not None and name in list_tasks(data_dir)):
        raise UserError(
            f"--references from-file creates a separate task, but {name!r} has references: name"
            f" another, such as --task official-{name}."
        )
    if target.of_a_run:
        raise UserError(
            f"--references from-file creates a separate task, which {target.folder} does not have:"
            " omit --report, or name a new one."
        )


def _setting(submission: Submission, outputs: Outputs) -> Setting:
    kind = submission.kind or ("samples" if outputs.num_samples > 1 else "single")
    if kind == "single" and outputs.num_samples > 1:
        raise UserError(
            f"--kind single means one answer, but there are {outputs.num_samples} per source:"
            " choose samples or beam, or use only the first with --candidates 1."
        )
    knob, value = None, None
    if submission.knob_value is not None:
        knob, _, number = submission.knob_value.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not knob or not math.isfinite(value):
            raise UserError(
                f"--knob-value {submission.knob_value}: give a name and a number, as in"
                " temperature=0.7."
            )
    return Setting(
        label=submission.label or (f"{knob}={value:g}" if knob else "main"),
        roles=(),
        knob=knob,
        knob_value=value,
        nfe=None,
        kind=kind,
        decoding={knob: value} if knob else {},
    )


def _as_json(setting: Setting) -> dict[str, Any]:
    """The setting as it is read back from the store."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(setting)))
    return plain


def _check_fit(
    entry: RegisteredOutputs, others: Sequence[RegisteredOutputs], target: Target
) -> None:
    """Reject outputs that cannot share a table with the existing ones."""
    strange = next((other for other in others if other.test_digest != entry.test_digest), None)
    if strange is not None and not target.of_a_run:
        raise UserError(
            f"{target.folder} has outputs of {strange.system} for other sources of {entry.task}:"
            " name another report with --report, or remove those with --remove."
        )
    label = entry.setting["label"]
    further = [o.setting for o in others if o.system == entry.system]
    different = [setting["label"] for setting in further if setting["label"] != label]
    if different and entry.setting["knob"] is None:
        raise UserError(
            f"{entry.system} already has the setting {different[0]!r}: give --knob-value NAME=X for"
            " another point of its curve, or another --system."
        )


def _add_yardsticks(
    entries: Sequence[RegisteredOutputs], target: Target, suite: Suite, task: Task, store: Store
) -> None:
    """Register the yardsticks missing from the report, with equal numbers of candidates."""
    for entry in registered(store, target.name):
        if entry.task == task.id and entry.is_yardstick:
            remove(store, [entry])
    present = {trial.system for trial in target.own_trials(task.id)}
    count, seed = max(e.num_samples for e in entries), min(e.seed for e in entries)
    for name, info, setting, made in yardsticks(suite, task, num_samples=count, seed=seed):
        if name not in present:
            key = keep_candidates(store, task, made, system=name, setting=setting, seed=seed)
            register(
                store,
                replace(
                    entries[0],
                    system=name,
                    info=info,
                    setting=_as_json(setting),
                    seed=seed,
                    main=False,
                    generate=key,
                    num_samples=made.num_samples,
                    facts={"format": "made here"},
                ),
            )


def _remarks(
    entry: RegisteredOutputs, others: Sequence[RegisteredOutputs], outputs: Outputs, target: Target
) -> list[str]:
    remarks = []
    repeated = all(len({c.text for c in of_source}) == 1 for of_source in outputs.candidates)
    if entry.num_samples > 1 and repeated and entry.setting["kind"] == "samples":
        remarks.append(
            "all candidates of each source are equal: use --candidates 1 and --kind single for a"
            " deterministic system."
        )
    rows = [c for c in target.own_trials(entry.task) if "main" in c.setting.roles]
    counts = {c.score.num_samples for c in rows if c.score is not None}
    counts |= {other.num_samples for other in others}
    if different := sorted(counts - {1, entry.num_samples}):
        remarks.append(
            f"other rows have {' or '.join(map(str, different))} candidates per source and these"
            f" {entry.num_samples}: MBR, best-of and diversity are comparable only at equal numbers"
            " (--candidates)."
        )
    return remarks
