"""The flags of `benchmark.run`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from benchmark.runtime.column_keys import COLUMN_FLAGS
from benchmark.runtime.command_line import (
    CommandParser,
    add_several,
    add_shared_flags,
    show_first,
)
from benchmark.runtime.stop_request import read_wall_time

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
