"""Run a suite: train, generate, score and report.

python -m benchmark.run --task all
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from benchmark.api import UserError
from benchmark.runtime.column_keys import COLUMN_FLAGS, chosen_columns
from benchmark.runtime.command_line import (
    CommandParser,
    add_several,
    add_shared_flags,
    check_positive,
    note,
    run_command,
    show_first,
)
from benchmark.runtime.device import choose_device
from benchmark.runtime.distributed import ALONE, Processes, ProcessLostError, start
from benchmark.runtime.output_paths import check_name, make_folder
from benchmark.runtime.stop_request import STOPPED, find_stop, listen, read_wall_time

if TYPE_CHECKING:
    from benchmark.execution.executor_choice import ExecutorChoice, Workplace
    from benchmark.execution.stage_estimate import Estimate
    from benchmark.experiment.plan import Plan
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.suite import Suite
    from benchmark.experiment.trial import Trial
    from benchmark.store.entries import Store

EXAMPLES = """\
examples:
  python -m benchmark.run --task all
  python -m benchmark.run --task dialogue --system diffuseq transformer --seeds 1 2 3
  python -m benchmark.run --task qqp --suite paper --data-dir DATA --set budget.updates=300
  python -m benchmark.run --task mine --suite small --data-dir DATA --source-key text
  python -m benchmark.run --task dialogue --system all --ablate policies
  python -m benchmark.run --task control --system latentops transformer --labels 50 200-alone all
  python -m benchmark.run --task all --dry-run
  python -m benchmark.run --task all --shard 3/16 --wall-time 11:45:00
  python -m benchmark.run --task all --executor ray --address auto --gpus-per-trial 2
  accelerate launch --multi_gpu --num_processes 4 -m benchmark.run --task all
"""


ALL = "all"
"""Every label, in `--labels`."""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "run", "Train, generate, score and report; finished stages are never repeated.", EXAMPLES
    )
    what = made.add_argument_group("what to run")
    add_several(what, "--task", "TASK", "task names, or all")
    add_several(
        what, "--system", "SYSTEM", "system names, default, all, or module:Class (default: default)"
    )
    seeds = what.add_argument(
        "--seeds",
        "--seed",
        nargs="+",
        action="extend",
        type=int,
        metavar="N",
        help="overrides the suite's seeds",
    )
    show_first(seeds)
    add_shared_flags(what, "--suite", "--set", "--data-dir", *COLUMN_FLAGS)
    add_several(
        what,
        "--ablate",
        "NAME",
        "decode each checkpoint with every variant of an ablation, such as policies",
    )
    add_several(
        what,
        "--labels",
        "N",
        "numbers of labelled examples beside that of the suite, or all; 200-alone = without"
        " the texts that have no label: a curve over labels on control tasks",
        _read_labels,
    )
    what.add_argument(
        "--trace",
        action="store_true",
        help="keep and score intermediate texts of the first candidates (evaluation.trace)",
    )
    how = made.add_argument_group("how to run it")
    add_shared_flags(how, "--device", "--jobs")
    how.add_argument(
        "--executor",
        choices=("processes", "ray"),
        default="processes",
        help="processes: on this machine; ray: on the machines of a Ray cluster, as many trials at"
        " the same time as they hold or --jobs says (default: processes)",
    )
    how.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the Ray cluster (default: RAY_ADDRESS, or a cluster of this machine alone)",
    )
    how.add_argument(
        "--gpus-per-trial",
        type=_read_gpus,
        metavar="N",
        help="GPUs that work on one trial together, each with a process; a part of one with"
        " --executor ray (default: 1)",
    )
    how.add_argument(
        "--shard",
        type=_read_shard,
        metavar="I/N",
        help="run part I of N of the trials, from 1, and no others; runs that share a store need no"
        " shards: each takes the next trial that is free",
    )
    how.add_argument(
        "--wall-time",
        type=_read_wall_time,
        metavar="TIME",
        help="stop after 90m, 12h or hours:minutes:seconds at a checkpoint, with exit code 75; the"
        " same command resumes",
    )
    how.add_argument(
        "--rerun",
        choices=("missing", "failed", "stale", "all"),
        default="missing",
        help="missing: whatever is missing; failed: only what failed; stale: also entries made"
        " by older code or by another source of your system; all: everything (default: missing)",
    )
    how.add_argument(
        "--dry-run", action="store_true", help="print the trials and their estimated time"
    )
    how.add_argument(
        "--show-config", action="store_true", help="print the complete suite as YAML and exit"
    )
    how.add_argument(
        "--records-only",
        action="store_true",
        help="write the records and no page; benchmark.report renders them later",
    )
    how.add_argument(
        "--tensorboard",
        type=Path,
        metavar="DIR",
        help="also write training logs there, for TensorBoard",
    )
    how.add_argument(
        "--wandb",
        metavar="PROJECT",
        help="also log every training as a run of this project of Weights & Biases;"
        " WANDB_MODE=offline keeps it on this machine",
    )
    where = made.add_argument_group("paths")
    add_shared_flags(where, "--store")
    where.add_argument(
        "--reports",
        type=Path,
        metavar="DIR",
        default=Path("reports"),
        help="folder for the reports of all runs (default: reports)",
    )
    where.add_argument("--name", help="name of the run and its report (default: the suite's)")
    return made


def _read_labels(word: str) -> int | str:
    """A positive number of labels, one without texts that have none (`200-alone`), or `all`."""
    if word == ALL:
        return word
    count = word.removesuffix("-alone")
    if not (count.isascii() and count.isdecimal() and int(count)):
        raise argparse.ArgumentTypeError(
            f"{word!r} is no number of labels: write a whole number from 1, 200-alone, or {ALL}."
        )
    return f"{int(count)}-alone" if word.endswith("-alone") else int(count)


def _read_shard(word: str) -> tuple[int, int]:
    """Number and count of `3/16`."""
    number, _, count = word.partition("/")
    if not (re.fullmatch(r"[0-9]{1,6}/[0-9]{1,6}", word) and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{word!r} is no part: write 1/16 to 16/16.")
    return int(number), int(count)


def _read_gpus(word: str) -> float:
    """A whole number of GPUs, or a part of one."""
    number = float(word) if re.fullmatch(r"[0-9]{1,4}|0?\.[0-9]{1,4}", word) else 0.0
    if not number:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of GPUs: write 1, 2, or 0.5.")
    return number


def _read_wall_time(word: str) -> float:
    try:
        return read_wall_time(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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
    from benchmark.execution.executor_choice import ExecutorChoice
    from benchmark.execution.plan_manifest import write_manifest
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
        return _dry_run(plan, replace(context, device=device), jobs, options.shard)
    has_work = processes.is_main and any(
        unfinished(trial, store) for trial in select(plan, store, options.rerun)
    )
    # A store of finished stages is only read, and nothing is started for it.
    with (choice if has_work else ExecutorChoice(jobs=1)).open(device, suite.threads) as workplace:
        if has_work:
            store.prepare()
            write_manifest(store, plan, name=folder.name, device=workplace.device)
        errors = _run_trials(plan, replace(context, device=workplace.device), options, workplace)
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


def _run_trials(
    plan: Plan, context: RunContext, options: argparse.Namespace, workplace: Workplace
) -> list[str]:
    from benchmark.execution.changed_sources import describe_changed_sources
    from benchmark.execution.shard import select_shard
    from benchmark.execution.trial_stages import select, unfinished
    from benchmark.runtime.progress import ProgressBoard

    chosen: list[int] = []
    processes, store = context.processes, context.store
    part = set(select_shard(plan.trials, options.shard))
    if processes.is_main:
        selected = [
            trial for trial in select(plan, store, options.rerun) if unfinished(trial, store)
        ]
        for changed in describe_changed_sources(plan.trials, store):
            note(f"note: {changed}")
        chosen = [number for number in map(plan.trials.index, selected) if number in part]
    trials = [plan.trials[number] for number in processes.gather(chosen)[0]]
    trials = _in_turn(trials, [trial.system for trial in plan.trials])
    if processes.is_main:
        of = f" in part {options.shard[0]} of {options.shard[1]}" if options.shard else ""
        note(f"{len(part)} trials{of}, {len(part) - len(trials)} of them cached")
    errors: list[str] = []
    if not trials:
        return errors
    if not processes.is_main:
        os.environ["TQDM_DISABLE"] = "1"
    with closing(ProgressBoard(len(trials), min(workplace.jobs, len(trials)))) as board:
        watched = replace(context, on_stage=board.stage)
        for outcome in workplace.run(trials, watched):
            board.finished(outcome.trial)
            errors += [f"{outcome.trial}: {error}" for error in outcome.errors]
            state = "failed" if outcome.errors else "stopped" if outcome.stopped else "done"
            if processes.is_main:
                board.print_line(f"{outcome.trial}: {state}")
    return errors


def _in_turn(trials: Sequence[Trial], systems: Sequence[str]) -> list[Trial]:
    """System by system, in the order of the suite, so that the long ones of all tasks start first.

    Trials that share a training come behind all others: beside the first of them they would wait.
    """
    order = list(dict.fromkeys(systems))
    ordered = sorted(trials, key=lambda trial: order.index(trial.system))
    firsts = {trial.train_key: trial for trial in reversed(ordered)}
    return sorted(
        ordered,
        key=lambda trial: trial.train_key is not None and firsts[trial.train_key] is not trial,
    )


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


def _dry_run(plan: Plan, context: RunContext, jobs: int, shard: tuple[int, int] | None) -> int:
    from benchmark.execution.changed_sources import describe_changed_sources
    from benchmark.execution.shard import select_shard
    from benchmark.execution.stage_estimate import Estimate
    from benchmark.execution.time_estimate import estimate_trials
    from benchmark.execution.trial_stages import unfinished
    from benchmark.runtime.device import set_threads

    for changed in describe_changed_sources(plan.trials, context.store):
        note(f"note: {changed}")
    set_threads(plan.suite.threads)
    trials = [plan.trials[number] for number in select_shard(plan.trials, shard)]
    left = [number for number, of in enumerate(trials) if unfinished(of, context.store)]
    made = estimate_trials([trials[number] for number in left], context)
    estimates = dict(zip(left, made, strict=True))
    for number, trial in enumerate(trials):
        settings = [planned.setting for planned in trial.generations]
        if number not in estimates:
            print(f"{trial.name}: cached ({len(settings)} settings)")
        else:
            print(f"{trial.name}: {len(settings)} settings, {_describe(estimates[number])}")
        for name in dict.fromkeys(name for s in settings for name in s.ablations):
            labels = "; ".join(s.label for s in settings if name in s.ablations)
            print(f"  ablation {name}: {labels}")
    total = sum(estimates.values(), start=Estimate(0.0))
    jobs = min(jobs, max(1, len(plan.trials)))
    in_all = Estimate(total.seconds / jobs, total.is_rough, total.unknown)
    print(f"{len(trials)} trials, {_describe(in_all)} in {jobs} processes")
    return 0


def _describe(estimate: Estimate) -> str:
    """The time of a trial in words."""
    if estimate.unknown and not estimate.seconds:
        return "time unknown: nothing like it was measured here"
    also = ", without what nothing is known of" if estimate.unknown else ""
    rough = ", roughly" if estimate.is_rough else ""
    return f"about {_duration(estimate.seconds)}{rough}{also}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    sys.exit(main())
