"""Score outputs made elsewhere: add them to the store and to a report.

python -m benchmark.score outputs.jsonl --task qqp --data-dir DATA --system mine
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from benchmark.api import CandidateKind, Family, UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_shared_flags,
    check_positive,
    note,
    run_command,
    show_first,
)

if TYPE_CHECKING:
    from benchmark.experiment.suite import Suite
    from benchmark.outputs.target_report import Target
    from benchmark.records.schema import Interval, TrialRecord
    from benchmark.store.entries import Store
    from benchmark.tasks import Task

FORMATS = ("jsonl", "csv", "diffuseq", "fairseq", "plain")
KINDS: Mapping[str, CandidateKind] = {
    "samples": "samples",
    "beam": "n-best",
    "single": "single",
}
LONGEST_NAME = 100
"""Bytes: both names become part of a folder name."""
FAMILIES = (*(family for family in get_args(Family) if family != "yardstick"), "other")

EXAMPLES = """\
examples:
  python -m benchmark.score outputs.jsonl --task dialogue --system mine
  python -m benchmark.score outputs.jsonl --task dialogue --system mine --report reports/mini
  python -m benchmark.score seed1.txt seed2.txt seed3.txt --task qqp --data-dir DATA --system mine
  python -m benchmark.score generate-test.txt --task qqp --data-dir DATA --system beam5 --kind beam
  python -m benchmark.score seed*.json --task official-qqp --references from-file --system official
  python -m benchmark.score cold.jsonl --task dialogue --system mine --knob-value temperature=0.5
  python -m benchmark.score predictions.csv --task qqp --data-dir DATA --system mine --key answer
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "score",
        "Score the outputs of any system, beside the copied source and the references.",
        EXAMPLES,
    )
    what = made.add_argument_group("what to score")
    what.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="outputs, optionally gzipped"
    )
    what.add_argument("--task", required=True, help="the task that the outputs are for")
    system = what.add_argument(
        "--system", "--name", required=True, help="name of the system in the report"
    )
    show_first(system)
    add_shared_flags(what, "--data-dir")
    what.add_argument("--format", choices=FORMATS, help="default: detected from the files")
    what.add_argument(
        "--key",
        metavar="NAME",
        help="the field or column that holds the outputs (default: found by its name)",
    )
    what.add_argument(
        "--references",
        choices=("task", "from-file"),
        default="task",
        help="from-file: sources and references are in the files (default: task)",
    )
    what.add_argument(
        "--partial", action="store_true", help="accept outputs for only some of the sources"
    )
    what.add_argument(
        "--candidates", type=int, metavar="N", help="use the first N of each source (default: all)"
    )
    how = made.add_argument_group("what the outputs are")
    how.add_argument(
        "--kind",
        choices=tuple(KINDS),
        help="independent samples, a beam, or one answer (default: samples, or single for one)",
    )
    how.add_argument("--family", choices=FAMILIES, default="other", help="default: other")
    how.add_argument(
        "--knob-value",
        metavar="NAME=X",
        help="value of the diversity knob; several calls build a curve",
    )
    how.add_argument("--setting", metavar="LABEL", help="default: the knob's value, or main")
    how.add_argument(
        "--main", action="store_true", help="use this setting for the row of the table"
    )
    how.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the training (default: 1)"
    )
    scored = made.add_argument_group("how to score them")
    scored.add_argument("--suite", help="a suite or a YAML file (default: one with the task)")
    scored.add_argument(
        "--metrics",
        nargs="+",
        action="extend",
        metavar="METRIC",
        help="overrides the suite's metrics",
    )
    add_shared_flags(scored, "--set")
    where = made.add_argument_group("paths")
    where.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="the report to add to (default: reports/SYSTEM-TASK)",
    )
    add_shared_flags(where, "--store")
    where.add_argument(
        "--remove", action="store_true", help="remove the system's outputs from the report"
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: scored; 1: a metric failed; 2: invalid call."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, words: Sequence[str]) -> int:
    from benchmark.outputs.target_report import (
        check_entries,
        check_writable,
        choose_suite,
        find_report,
    )
    from benchmark.records.report_lock import hold_report
    from benchmark.store.entries import Store

    _check(options)
    store = Store(options.store)
    store.prepare()
    folder = options.report or Path("reports") / f"{options.system}-{options.task}"
    check_writable(folder)
    # One call at a time: each reads what the others registered, and writes the records anew.
    with hold_report(folder, create=True):
        _set_broken_records_aside(folder, store)
        target = find_report(folder)
        try:
            check_entries(target, store)
        except UserError as error:
            # What was set aside cannot come back: other rows must not wait for it.
            if not any((store.root / "outputs").glob("*.damaged-*")):
                raise
            note(f"note: {error}")
        # Metrics that are named are all that is measured, but for what `--set` adds.
        overrides = ["evaluation.semantic_metrics=[]"] if options.metrics else []
        overrides += options.set
        if options.metrics:
            overrides.append(f"evaluation.metrics={json.dumps(options.metrics)}")
        suite = choose_suite(target, options.task, options.suite, overrides)
        change = _remove if options.remove else _enter
        task = change(options, target, suite, store)
        return _report(options, target, suite, task, store, words)


def _set_broken_records_aside(folder: Path, store: Store) -> None:
    """Rename records that cannot be read where the store has all of them: they are made again.

    Raises:
        UserError: if they belong to a run, which has to write them again.
    """
    from benchmark.outputs.registered_outputs import registered
    from benchmark.records.reader import read_records

    folder = folder.resolve()
    records = folder / "records"
    if not records.is_dir():
        return
    try:
        read_records(folder)
    except UserError as error:
        run = records / "run.json"
        command = run.read_text(encoding="utf-8", errors="replace") if run.is_file() else ""
        if "benchmark.run" in command or not registered(store, folder.name):
            raise UserError(
                f"{str(error).removesuffix('.')}: the same call of benchmark.run writes the records"
                " again."
            ) from error
        taken = len(list(folder.glob("records.damaged-*")))
        aside = records.rename(records.with_name(f"records.damaged-{taken + 1}"))
        note(f"note: {error} The records were set aside as {aside.name} and made again.")


def _check(options: argparse.Namespace) -> None:
    from benchmark.experiment.registry import system_entries

    if options.system in system_entries():
        raise UserError(
            f"--system {options.system}: a registered system has this name; choose another."
        )
    for option, name in (("--system", options.system), ("--task", options.task)):
        if not name.strip() or not name.isprintable() or "/" in name or "\\" in name:
            raise UserError(
                f"{option} {name!r}: give a name without slashes or control characters."
            )
        if len(name.encode(errors="replace")) > LONGEST_NAME:
            raise UserError(f"{option} {name[:20]}…: give a name of {LONGEST_NAME} bytes at most.")
    if options.setting is not None and not (
        options.setting.strip() and options.setting.isprintable()
    ):
        raise UserError(
            f"--setting {options.setting!r}: give a label of one line without control characters."
        )
    if options.remove and options.files:
        raise UserError("--remove takes no files: it removes outputs from a report.")
    if not options.remove and not options.files:
        raise UserError("No output files are named: put them first, before --metrics and --set.")
    check_positive(options, "candidates")


def _enter(options: argparse.Namespace, target: Target, suite: Suite, store: Store) -> Task:
    """Register the outputs and print what was read; returns the task with their sources."""
    from benchmark.outputs.submission import Submission, enter
    from benchmark.report.tables.external_outputs import MATCHED

    submission = Submission(
        files=tuple(options.files),
        task=options.task,
        system=options.system,
        data_dir=options.data_dir,
        format=options.format,
        key=options.key,
        references=options.references,
        partial=options.partial,
        candidates=options.candidates,
        kind=KINDS[options.kind] if options.kind else None,
        family=options.family,
        knob_value=options.knob_value,
        label=options.setting,
        main=options.main,
        seed=options.seed,
    )
    entry, task, remarks = enter(submission, target, suite, store)
    facts = entry.facts
    part = f" of {facts['split']:,}" if facts["sources"] < facts["split"] else ""
    print(
        f"{entry.task} / {entry.system}, {entry.setting['label']}: {facts['sources']:,}{part}"
        f" sources, candidates per source: {entry.num_samples} ({entry.setting['kind']});"
        f" format {facts['format']}, {MATCHED[facts['matched']]}"
    )
    left_out = facts["left_out"]
    print(
        f"rows: {facts['rows']:,} read, {facts['rows'] - left_out:,} used, {left_out:,} left out"
        f"{' (for sources that are not scored)' if left_out else ''}"
    )
    for remark in remarks:
        note(f"note: {remark}")
    return task


def _remove(options: argparse.Namespace, target: Target, suite: Suite, store: Store) -> Task | None:
    """Remove entries from the report; returns the task of its run, None without a run."""
    from benchmark.outputs.registered_outputs import registered, remove
    from benchmark.outputs.target_report import task_of_run

    of_task = [e for e in registered(store, target.name) if e.task == options.task]
    found = [
        entry
        for entry in of_task
        if entry.system == options.system and options.setting in (None, entry.setting["label"])
    ]
    if not found:
        raise UserError(
            f"--remove: {target.folder} has no outputs of {options.system} on {options.task}"
            f" in the store {store.root}."
        )
    task = None
    if target.of_a_run:
        task, _ = task_of_run(target, suite, options.task, options.data_dir)
    left = [entry for entry in of_task if entry not in found]
    remove(store, found if any(not e.is_yardstick for e in left) else of_task)
    return task


def _report(
    options: argparse.Namespace,
    target: Target,
    suite: Suite,
    task: Task | None,
    store: Store,
    words: Sequence[str],
) -> int:
    """Write records and report, and print the scores; exit code 1 if a metric failed."""
    from benchmark.experiment.plan import Plan
    from benchmark.export.record_writer import join_records, write_records
    from benchmark.outputs.registered_outputs import registered
    from benchmark.outputs.target_report import tasks_of_entries
    from benchmark.records.reader import read_records
    from benchmark.report import build_report

    if target.of_a_run and task is not None:
        remarks = join_records(target.folder, suite, task, store)
    else:
        entries = registered(store, target.name)
        if not entries:
            shutil.rmtree(target.folder / "records")
            print(f"{target.folder} has no outputs left and can be deleted.")
            return 0
        suite = suite.model_copy(update={"seeds": sorted({entry.seed for entry in entries})})
        plan = Plan(suite, options.data_dir, dict(tasks_of_entries(store, target.name)), ())
        command = ["python", "-m", "benchmark.score", *words]
        remarks = write_records(target.folder, plan, store, command=command)
    for remark in remarks:
        note(f"note: {remark}")
    trials = [c for c in read_records(target.folder).trial_records if c.task == options.task]
    for line in _scores(trials, options.system):
        print(line)
    print(build_report(target.folder))
    return 1 if any(trial.status == "failed" for trial in trials if trial.outputs) else 0


def _scores(trials: Sequence[TrialRecord], system: str) -> Iterator[str]:
    """The scores of every setting of a system, beside those of the copied source."""
    copy = next((c.score for c in trials if c.system == "copy-source" and c.score), None)
    for trial in trials:
        if trial.system != system or trial.score is None:
            continue
        head = f"{trial.setting.label}, seed {trial.seed}"
        yield f"\n{head:<32}{'mean':>10}{'MBR':>10}{'copy':>10}"
        for name, metric in trial.score.metrics.items():
            copied = copy.metrics.get(name) if copy is not None else None
            figures = (
                metric.statistics.get("expected") or metric.statistics.get("set"),
                metric.statistics.get("mbr"),
                copied.statistics.get("expected") if copied is not None else None,
            )
            yield f"{name:<32}" + "".join(f"{_figure(figure):>10}" for figure in figures)


def _figure(found: Interval | None) -> str:
    return f"{found.value:.4f}" if found is not None and found.defined else "-"


if __name__ == "__main__":
    sys.exit(main())
