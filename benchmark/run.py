"""Run a suite: train, generate, score and report.

python -m benchmark.run --task all
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from benchmark.api import UserError
from benchmark.execution.run_flags import ALL, parser
from benchmark.runtime.column_keys import chosen_columns
from benchmark.runtime.command_line import check_positive, note, run_command
from benchmark.runtime.device import choose_device
from benchmark.runtime.distributed import ALONE, Processes, ProcessLostError, start
from benchmark.runtime.output_paths import check_name, make_folder
from benchmark.runtime.stop_request import STOPPED, find_stop, listen

if TYPE_CHECKING:
    from benchmark.execution.executor_choice import ExecutorChoice
    from benchmark.experiment.plan import Plan
    from benchmark.experiment.suite import Suite
    from benchmark.experiment.trial import Trial
    from benchmark.store.entries import Store


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: everything is complete; 1: some trials failed; 2: invalid call; 75: stopped.

    75 after SIGTERM or at the end of `--wall-time`: the same command resumes.
    """
    return run_command(parser(), _start, words, resumes=True)


def _start(options: argparse.Namespace, words: Sequence[str]) -> int:
    from benchmark.execution.executor_choice import ExecutorChoice

    processes = ALONE
    options.system = options.system or ["default"]
    listen(options.wall_time)
    try:
        if not options.task and (options.labels or not options.show_config):
            raise UserError("--task is missing: name the tasks to run, or use all.")
        check_positive(options, "jobs")
        choice = ExecutorChoice(
            options.executor, options.address, options.gpus_per_trial, options.jobs
        )
        device = choice.choose_device(options.device)
        processes = start(device)
        code = int(processes.broadcast(_run(options, words, choice, device, processes)))
        processes.leave()
        return code
    except UserError as error:
        if _is_reported_elsewhere(str(error), processes):
            return 2
        raise
    except ProcessLostError as lost:
        _leave(lost)
    except KeyboardInterrupt:
        if processes.is_main:
            raise
        return 130


def _is_reported_elsewhere(sentence: str, processes: Processes) -> bool:
    """Whether another process prints this error, which several processes may have raised."""
    if processes is ALONE:
        # Not connected yet: the first process of each machine reports what all of them found.
        # Where no launcher is, a stray variable must not make it silent.
        launched = "TORCHELASTIC_RUN_ID" in os.environ and "WORLD_SIZE" in os.environ
        return launched and os.environ.get("LOCAL_RANK", "0") != "0"
    try:
        everywhere = processes.gather_errors(sentence)
    except ProcessLostError as lost:
        _leave(lost, code=2)
    return processes.rank != next(rank for rank, error in enumerate(everywhere) if error)


def _leave(lost: ProcessLostError, code: int = 1) -> NoReturn:
    """Exit at once: the threads of a broken process group cannot be joined."""
    if lost.sentence:
        print(f"failed: {lost.sentence}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(
    options: argparse.Namespace,
    words: Sequence[str],
    choice: ExecutorChoice,
    device: str,
    processes: Processes,
) -> int:
    from benchmark.execution.dry_run import list_estimates
    from benchmark.execution.executor_choice import ExecutorChoice
    from benchmark.execution.plan_manifest import write_manifest
    from benchmark.execution.trial_loop import run_trials
    from benchmark.execution.trial_stages import select, unfinished
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.selection import missing_systems
    from benchmark.export.tuned_trials import count_tuned_trials
    from benchmark.records.ownership import check_own_records
    from benchmark.store.entries import Store

    suite, tasks = _choose_suite(options)
    folder = _report_folder(options, suite)
    if options.show_config:
        if processes.is_main:
            _show_config(suite, options.system)
        return 0
    if "all" in options.system and processes.is_main:
        for name, install in missing_systems(suite).items():
            note(f"{name} is not installed and is skipped: {install}")
    store = Store(options.store)
    if processes.is_main and not options.dry_run:
        make_folder(options.reports, "--reports")
        check_own_records(folder)
    if options.tensorboard is not None or options.wandb is not None:
        from benchmark.training.trackers import check_installed

        check_installed("wandb" if options.tensorboard is None else "tensorboard")
    plan = _make_plan(options, suite, tasks, processes)
    count_tuned_trials(plan.suite.tuning, ())  # a record that is missing is told before the work
    if processes.count > 1:
        _check_launch(options.jobs, plan, store, processes)
        choice = replace(choice, jobs=1)
    context = RunContext(
        store, device, tensorboard=options.tensorboard, wandb=options.wandb, processes=processes
    )
    if options.dry_run:
        check_own_records(folder)
        if not processes.is_main:
            return 0
        with choice.open(device, suite.threads) as workplace:
            device, jobs = workplace.device, workplace.jobs
        if options.executor == "ray":
            # What is tried out is tried out here, whatever the cluster has.
            here = choose_device("cpu" if device == "cpu" else "auto")
            if here != device:
                note("note: this machine has no GPU: times are those of its processor.")
            device = here
        context = replace(context, device=device)
        for line in list_estimates(plan, context, jobs, options.shard):
            print(line)
        return 0
    has_work = processes.is_main and any(
        unfinished(trial, store) for trial in select(plan, store, options.rerun)
    )
    # A store of finished stages is only read, and nothing is started for it.
    with (choice if has_work else ExecutorChoice(jobs=1)).open(device, suite.threads) as workplace:
        if has_work:
            store.prepare()
            write_manifest(store, plan, name=folder.name, device=workplace.device)
        context = replace(context, device=workplace.device)
        errors = run_trials(plan, context, workplace, rerun=options.rerun, shard=options.shard)
    why = find_stop()
    if why and processes.is_main and not any(unfinished(trial, store) for trial in plan.trials):
        why = ""  # it came when all was done: the report is still written
    if why := processes.gather(why)[0]:
        if processes.is_main:
            _say_stopped(plan, store, why)
        return STOPPED
    if not processes.is_main:
        return 0
    left = [trial for trial in plan.trials if unfinished(trial, store)] if options.shard else []
    if others := [trial for trial in left if not _has_failed(trial, store)]:
        note(
            f"{len(plan.trials) - len(others)} of {len(plan.trials)} trials are finished: the last"
            " part writes the report."
        )
    else:
        _report(options, plan, store, words)
    for error in errors:
        print(f"failed: {error}", file=sys.stderr)
    return 1 if errors else 0


def _has_failed(trial: Trial, store: Store) -> bool:
    from benchmark.execution.trial_stages import find_failures

    return bool(find_failures(trial, store))


def _say_stopped(plan: Plan, store: Store, why: str) -> None:
    from benchmark.execution.trial_stages import unfinished

    done = sum(not unfinished(trial, store) for trial in plan.trials)
    print(
        f"stopped ({why}): {done} of {len(plan.trials)} trials are finished; run the same command"
        " again to resume",
        file=sys.stderr,
    )


def _choose_suite(options: argparse.Namespace) -> tuple[Suite, list[str]]:
    """The suite with all that the options change, and the tasks that are chosen from it."""
    from benchmark.experiment.overrides import name_columns
    from benchmark.experiment.selection import choose_tasks
    from benchmark.experiment.suite import load_suite

    changes = [*options.set, *name_columns(chosen_columns(options))]
    if options.seeds:
        changes.append(f"seeds=[{', '.join(map(str, options.seeds))}]")
    suite = load_suite(options.suite, changes).with_tasks(options.task, options.data_dir)
    if options.trace:
        suite = suite.with_trace()
    tasks = choose_tasks(suite, options.task)
    if options.labels:
        budgets = [None if count == ALL else count for count in options.labels]
        suite = suite.with_label_sweep(tasks, budgets)
    return suite, tasks


def _report_folder(options: argparse.Namespace, suite: Suite) -> Path:
    """The folder of the report, in that of all reports."""
    named = options.name is not None
    where = "--name" if named else f"The suite {options.suite}: name"
    name: str = options.name if named else suite.name
    check_name(name, where)
    return Path(options.reports) / name


def _show_config(suite: Suite, systems: Sequence[str]) -> None:
    from benchmark.experiment.plan import with_defaults
    from benchmark.experiment.selection import choose_systems

    print(with_defaults(suite, choose_systems(suite, systems)).yaml(), end="")


def _make_plan(
    options: argparse.Namespace, suite: Suite, tasks: Sequence[str], processes: Processes
) -> Plan:
    from benchmark.experiment.label_sweep import check_label_sweep
    from benchmark.experiment.plan import make_plan
    from benchmark.experiment.recipe_check import check_recipes

    check_recipes(suite)
    plan = make_plan(
        suite, tasks=tasks, systems=options.system, data_dir=options.data_dir, ablate=options.ablate
    )
    remark = check_label_sweep(plan, options.labels) if options.labels else ""
    if remark and processes.is_main:
        note(f"note: {remark}")
    if processes.is_main:
        for left_out in plan.remarks:
            note(f"note: {left_out}")
    return plan


def _check_launch(jobs: int | None, plan: Plan, store: Store, processes: Processes) -> None:
    from benchmark.execution.process_agreement import check_agreement

    if (jobs or 1) > 1:
        raise UserError(
            f"--jobs {jobs}: under a launcher all processes work on one trial at a time; omit"
            " --jobs."
        )
    check_agreement(plan, store, processes)


def _report(options: argparse.Namespace, plan: Plan, store: Store, words: Sequence[str]) -> None:
    """Write the records and, unless these are all that is wanted, the page; print where."""
    from benchmark.export.record_writer import write_records

    folder = _report_folder(options, plan.suite)
    command = ["python", "-m", "benchmark.run", *words]
    for remark in write_records(folder, plan, store, command=command):
        note(f"note: {remark}")
    if not options.records_only:
        from benchmark.report import build_report

        print(build_report(folder))
        return
    if (folder / "index.html").exists():
        note(f"note: the page is of older records: python -m benchmark.report {folder}")
    print(folder)


if __name__ == "__main__":
    sys.exit(main())
