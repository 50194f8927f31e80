"""Search for the recipes of a suite on the valid split, with equal effort for every system.

python -m benchmark.tune --suite tiny --task dialogue --system transformer cmlm --trials 4
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_several,
    add_shared_flags,
    check_positive,
    note,
    run_command,
)
from benchmark.runtime.device import choose_device
from benchmark.runtime.output_paths import check_output
from benchmark.runtime.stop_request import STOPPED, StoppedError, listen

if TYPE_CHECKING:
    from benchmark.experiment.run_context import RunContext
    from benchmark.tuning.search import Search, Tried
    from benchmark.tuning.search_space import SearchSpace

EXAMPLES = """\
examples:
  python -m benchmark.tune --suite tiny --system transformer cmlm --trials 4
  python -m benchmark.tune --suite mini --dry-run
  python -m benchmark.tune --suite mini --budget-share 0.2 --space my-ranges.yaml
"""
MOST_TRIALS = 8


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "tune",
        "Search declared ranges of recipes on the valid split; finished trials are not repeated.",
        EXAMPLES,
    )
    what = made.add_argument_group("what to search")
    what.add_argument("--task", default="dialogue", help="one task (default: dialogue)")
    add_several(
        what, "--system", "SYSTEM", "system names (default: all with ranges that are installed)"
    )
    add_shared_flags(what, "--suite", "--set", "--data-dir")
    what.add_argument("--space", metavar="FILE", help="ranges (default: those of the suite)")
    what.add_argument("--trials", type=int, metavar="N", help="trials of every system, at most 8")
    what.add_argument(
        "--budget-share",
        type=float,
        default=1.0,
        metavar="X",
        help="part of the updates, and of the warm-up, that a trial has (default: 1)",
    )
    how = made.add_argument_group("how to search")
    add_shared_flags(how, "--device")
    how.add_argument("--dry-run", action="store_true", help="print the ranges and an estimate")
    how.add_argument("--write", action="store_true", help="print the best recipes as YAML")
    where = made.add_argument_group("paths")
    add_shared_flags(where, "--store")
    where.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="the record, to which systems are added (default: tuned/SUITE-TASK.record.json)",
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: all is complete; 1: some trials failed; 2: invalid call; 75: stopped."""
    return run_command(parser(), _start, words, resumes=True)


def _start(options: argparse.Namespace, words: Sequence[str]) -> int:
    from benchmark.experiment.plan import load_limited
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.selection import choose_tasks
    from benchmark.experiment.suite import load_suite
    from benchmark.experiment.task_scoring import resolve_scoring
    from benchmark.store.entries import Store
    from benchmark.tuning.record import best_recipes
    from benchmark.tuning.record_file import check_record
    from benchmark.tuning.sampler import check_optuna
    from benchmark.tuning.search import plan_search
    from benchmark.tuning.search_space import load_space

    check_positive(options, "trials")
    if (options.trials or 1) > MOST_TRIALS:
        raise UserError(f"--trials {options.trials}: use {MOST_TRIALS} at most.")
    if not 0 < options.budget_share <= 1:
        raise UserError(f"--budget-share {options.budget_share}: use above 0, 1 at most.")
    check_optuna()
    listen()
    suite = load_suite(options.suite, options.set).with_tasks([options.task], options.data_dir)
    choose_tasks(suite, [options.task])
    space = load_space(options.suite, options.space)
    systems = _choose_systems(options, space)
    task = load_limited(suite, options.task, options.data_dir)
    scoring = resolve_scoring(suite, task)
    searches = [
        plan_search(
            suite,
            task,
            scoring,
            system,
            space,
            trials=options.trials or space.trials,
            budget_share=options.budget_share,
        )
        for system in systems
    ]
    device = choose_device(options.device)
    context = RunContext(Store(options.store), device)
    if options.dry_run:
        return _dry_run(searches, context)
    file = options.record or Path("tuned") / f"{suite.name}-{task.id}.record.json"
    check_output(file, "--record")
    check_record(file, searches, options.budget_share)
    context.store.prepare()
    try:
        record = _search(searches, context, file, words, options.budget_share)
    except StoppedError as why:
        print(f"stopped ({why}): run the same command again to resume", file=sys.stderr)
        return STOPPED
    if options.write:
        print(best_recipes(record), end="")
    else:
        print(file)
    tried = [of for search in searches for of in record["systems"][search.system]["tried"]]
    return 1 if any(of["status"] == "failed" for of in tried) else 0


def _search(
    searches: Sequence[Search],
    context: RunContext,
    file: Path,
    words: Sequence[str],
    budget_share: float,
) -> dict[str, Any]:
    """Search one system after the other; the record is written after each."""
    from benchmark.tuning.record import make_record
    from benchmark.tuning.record_file import add_to_record
    from benchmark.tuning.search import run_search

    done: dict[str, tuple[Search, Sequence[Tried]]] = {}
    record: dict[str, Any] = {}
    for search in searches:
        done[search.system] = (search, run_search(search, context, _say(search)))
        made = make_record(
            done,
            command=["python", "-m", "benchmark.tune", *words],
            budget_share=budget_share,
            device=context.device,
            unfinished=[of.system for of in searches if of.system not in done],
        )
        record = add_to_record(file, made)
    return record


def _choose_systems(options: argparse.Namespace, space: SearchSpace) -> list[str]:
    """Those that are named, or all with ranges that are installed."""
    from benchmark.experiment.registry import load_system, system_entries
    from benchmark.tuning.search_space import check_systems

    if options.system:
        check_systems(space, options.system)
        return list(dict.fromkeys(options.system))
    found = []
    for system in space.systems:
        try:
            load_system(system)
        except UserError as error:
            if system not in system_entries():
                raise
            note(f"{system} is skipped: {error}")
        else:
            found.append(system)
    if not found:
        raise UserError("No installed system has ranges: --space names a file of them.")
    return found


def _say(search: Search) -> Callable[[Tried], None]:
    from benchmark.tuning.search import show_values

    number = iter(range(1, search.trials + 1))

    def say(tried: Tried) -> None:
        value = tried.error or f"{search.measure} {tried.value:.3f}"
        if tried.low is not None and tried.high is not None:
            value += f" [{tried.low:.3f}, {tried.high:.3f}]"
        if tried.beside is not None:
            value += f", {search.beside} {tried.beside:.3f}"
        place = f"{search.system} {next(number)} of {search.trials}"
        said = f"{place}: {value} {show_values(tried.values)}"
        if tried.error:
            print(f"failed: {said}", file=sys.stderr)
        else:
            note(said)

    return say


def _dry_run(searches: Sequence[Search], context: RunContext) -> int:
    """The next trial of each system stands for those that are left: they depend on its value."""
    from benchmark.execution.time_estimate import estimate_trials
    from benchmark.runtime.device import set_threads
    from benchmark.tuning.search import find_next

    total = 0.0
    for search in searches:
        set_threads(search.suite.threads)
        done, trial = find_next(search, context.store)
        left = search.trials - done
        seconds = left * estimate_trials([trial], context)[0].seconds if trial else 0.0
        total += seconds
        finished = f", {done} finished" if done else ""
        print(f"{search.system}: {search.trials} trials{finished}, about {seconds:.0f} s")
        for of in search.dimensions:
            values = of.range.choices or f"{of.range.low} to {of.range.high}"
            print(f"  {of.field}: {values}, first {of.usual}")
    print(f"about {total:.0f} s in one process; values after the first depend on the results")
    return 0


if __name__ == "__main__":
    sys.exit(main())
