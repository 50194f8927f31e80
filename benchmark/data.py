"""Data of your own: convert files into the folder of a task, and look at it before anything runs.

python -m benchmark.data convert FOLDER --output DATA/mine
python -m benchmark.data check DATA/mine
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.runtime.column_keys import COLUMN_FLAGS, chosen_columns
from benchmark.runtime.command_line import (
    CommandParser,
    add_output,
    add_shared_flags,
    print_json,
    run_command,
)

EXAMPLES = """\
examples:
  python -m benchmark.data convert downloads --output data/mine
  python -m benchmark.data convert downloads --output data/mine --source-key text --refs-key others
  python -m benchmark.data convert OWNER/NAME --output data/mine --subset de-en
  python -m benchmark.data check data/wmt --source-key en --target-key de
  python -m benchmark.run --task mine --data-dir data --suite small
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "data", "Convert files into the folder of a task, and look at a task.", EXAMPLES
    )
    actions = made.add_actions()
    convert = actions("convert", "write the pairs of other files, or of a hub, as a task")
    convert.add_argument(
        "origin",
        metavar="FROM",
        help="folder with train, valid (validation, dev) and test as .jsonl, .json, .csv, .tsv or"
        " .parquet, two files of lines each, such as test.en and test.de, or a saved dataset; or"
        " OWNER/NAME of a dataset on the hub",
    )
    convert.add_argument("--subset", metavar="NAME", help="of a dataset on the hub: which part")
    add_shared_flags(convert, *COLUMN_FLAGS)
    add_output(convert, "DIR", "folder of the task to write: DATA/TASK")
    check = actions("check", "show counts, lengths, leaks and what a suite would cut")
    check.add_argument("folder", type=Path, metavar="FOLDER", help="folder of a task: DATA/TASK")
    check.add_argument("--suite", default="small", help="a suite or a YAML file (default: small)")
    add_shared_flags(check, *COLUMN_FLAGS, "--set", "--json")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: done; 2: invalid call or data."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    return _convert(options) if options.action == "convert" else _check(options)


def _convert(options: argparse.Namespace) -> int:
    from benchmark.tasks import Columns
    from benchmark.tasks.data_conversion import convert

    if options.output is None:
        raise UserError("--output is missing: name the folder of the task, DATA/TASK.")
    columns = Columns(*chosen_columns(options))
    for of in convert(options.origin, options.output, columns, options.subset):
        left_out = f", {of.left_out:,} without source or target left out" if of.left_out else ""
        names = ", ".join(map(repr, filter(None, of.columns)))
        print(f"{of.split}: {of.origin}, {of.rows - of.left_out:,} pairs of {names}{left_out}")
    print(options.output)
    return 0


def _check(options: argparse.Namespace) -> int:
    from benchmark.experiment.data_check import check_data
    from benchmark.experiment.overrides import name_columns
    from benchmark.experiment.plan import load_limited
    from benchmark.experiment.suite import load_suite
    from benchmark.tasks.file_reading import describe_reading

    folder = options.folder.resolve()
    if not folder.is_dir():
        raise UserError(f"{options.folder} is no folder: name that of a task, DATA/TASK.")
    changes = [*options.set, *name_columns(chosen_columns(options))]
    suite = load_suite(options.suite, changes).with_tasks([folder.name], folder.parent)
    task = load_limited(suite, folder.name, folder.parent)
    found = check_data(task, suite.tasks[folder.name])
    if options.json:
        print_json(found.as_dict())
        return 0
    print("\n".join([*found.lines(), *describe_reading(task)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
