"""Distil a task: a trained system writes the targets of the train split.

python -m benchmark.distil --task qqp --data-dir DATA --suite small --system transformer
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_decoding,
    add_output,
    add_shared_flags,
    is_quiet,
    note,
    run_command,
    show_first,
)

if TYPE_CHECKING:
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.trial import Trial

EXAMPLES = """\
examples:
  python -m benchmark.run --task qqp --suite small --data-dir DATA --system transformer
  python -m benchmark.distil --task qqp --suite small --data-dir DATA --system transformer
  python -m benchmark.run --task qqp-distilled --suite small --data-dir distilled --system nat
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "distil", "Write a task whose train targets are the outputs of a trained system.", EXAMPLES
    )
    what = made.add_argument_group("the teacher, with the flags of its run")
    what.add_argument("--task", required=True, help="the task whose train split is decoded")
    what.add_argument("--system", required=True, help="the teacher, which must already be trained")
    what.add_argument(
        "--seed", type=int, metavar="N", help="seed of the training (default: the suite's first)"
    )
    add_shared_flags(what, "--suite", "--set", "--data-dir")
    how = made.add_argument_group("decoding")
    add_decoding(how, "change the teacher's main setting: method=greedy, or method=beam beam=5")
    add_shared_flags(how, "--device")
    where = made.add_argument_group("paths")
    add_shared_flags(where, "--store")
    add_output(where, "DIR", "data folder to write to (default: distilled)", Path("distilled"))
    name = where.add_argument(
        "--new-task",
        "--name",
        metavar="TASK",
        help="name of the new task (default: TASK-distilled)",
    )
    show_first(name)
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: the task is complete; 2: invalid call; 130: interrupted."""
    return run_command(parser(), _run, words, resumes=True)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    from tqdm import tqdm

    from benchmark.execution.changed_sources import describe_changed_sources
    from benchmark.experiment.plan import make_plan
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.selection import choose_systems, choose_tasks
    from benchmark.experiment.suite import load_suite
    from benchmark.generation.distilled_targets import distil
    from benchmark.generation.generate_stage import open_system
    from benchmark.runtime.device import choose_device, set_threads
    from benchmark.runtime.output_paths import check_name
    from benchmark.store.entries import Store

    device = choose_device(options.device)
    suite = load_suite(options.suite, options.set).with_tasks([options.task], options.data_dir)
    for option, given, chosen in (
        ("--task", options.task, choose_tasks(suite, [options.task])),
        ("--system", options.system, choose_systems(suite, [options.system])),
    ):
        if chosen != [given]:
            raise UserError(f"{option} {given}: name one of {', '.join(chosen)}.")
    if options.new_task is not None:
        check_name(options.new_task, "--new-task")
    seed = suite.seeds[0] if options.seed is None else options.seed
    plan = make_plan(
        suite.model_copy(update={"seeds": [seed]}),
        tasks=[options.task],
        systems=[options.system],
        data_dir=options.data_dir,
    )
    (trial,) = plan.trials
    task, context = trial.task, RunContext(Store(options.store), device)
    decoding = _decoding(trial, options.decoding)
    _check_trained(trial, context)
    for changed in describe_changed_sources(plan.trials, context.store):
        note(f"note: {changed}")
    set_threads(suite.threads)
    teacher = open_system(trial, context)
    identity = {
        "task": task.id,
        "data": task.split_digests["train"],
        "system": trial.system,
        "train": trial.train_key,
        "decoding": asdict(decoding),
        "seed": seed,
    }
    folder = options.output / (options.new_task or f"{task.id}-distilled")
    hidden = is_quiet() or None  # None: shown on a terminal
    with tqdm(total=len(task.train), desc=trial.name, unit="source", disable=hidden) as bar:

        def advance(done: int, _total: int) -> None:
            bar.update(done - bar.n)

        counts = distil(
            teacher,
            task,
            decoding,
            folder=folder,
            identity=identity,
            seed=seed,
            batch=suite.evaluation.batch,
            device=device,
            on_progress=advance,
        )
    print(folder)
    print(", ".join(f"{name} {value}" for name, value in asdict(counts).items()))
    return 0


def _check_trained(trial: Trial, context: RunContext) -> None:
    if trial.train_key is None:
        raise UserError(f"System {trial.system} has nothing to train: name another teacher.")
    if context.store.record("train", trial.train_key) is None:
        raise UserError(
            f"{trial.name} is not in the store {context.store.root}: run"
            " `python -m benchmark.run` with the same --task, --suite, --set, --data-dir and"
            " --system."
        )


def _decoding(trial: Trial, changes: Sequence[str]) -> Any:
    """The teacher's main setting with the changes of this call."""
    from benchmark.experiment.configuration import fill
    from benchmark.experiment.overrides import parse

    changed = dict(parse(change, "--decoding") for change in changes)
    return fill(trial.system_class.Decoding, trial.main.setting.decoding | changed, "--decoding")


if __name__ == "__main__":
    sys.exit(main())
