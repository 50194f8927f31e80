"""What all commands share: the parser, flags that mean the same everywhere, notes, exit codes.

It is imported before anything is parsed, so it imports nothing heavy.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from benchmark.api import UserError
from benchmark.api.did_you_mean import nearest

if TYPE_CHECKING:
    from argparse import _ActionsContainer as Group

SHARED_FLAGS: Mapping[str, Mapping[str, Any]] = {
    "--suite": {"default": "mini", "help": "a suite or a YAML file (default: mini)"},
    "--set": {
        "nargs": "+",
        "action": "extend",
        "default": [],
        "metavar": "KEY=VALUE",
        "help": "change the suite: budget.updates=300, diffuseq.layers=2, limits.test=100",
    },
    "--data-dir": {
        "type": Path,
        "metavar": "DIR",
        "help": "folder with TASK/{train,valid,test}.jsonl",
    },
    "--device": {"default": "auto", "help": "auto, cpu or cuda (default: auto)"},
    "--jobs": {
        "type": int,
        "metavar": "N",
        "help": "trials run at the same time (default: cores / threads)",
    },
    "--store": {
        "type": Path,
        "metavar": "DIR",
        "default": Path("runs"),
        "help": "where finished stages are kept (default: runs)",
    },
    "--json": {"action": "store_true", "help": "print JSON instead of text"},
}
"""The flags that several commands have, as `add_argument` takes them."""

_quiet = False


class CommandParser(argparse.ArgumentParser):
    """The parser of one command: full names of flags alone, `--version`, `--quiet`, suggestions."""

    def __init__(self, command: str, description: str, examples: str = "") -> None:
        own = Path(sys.argv[0]).stem == "diffuseq-bench"
        super().__init__(
            prog=f"diffuseq-bench {command}" if own else f"python -m benchmark.{command}",
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # `--report` of one command would be read as `--reports` of another.
            allow_abbrev=False,
        )
        self.add_argument("--version", action="version", version=version())
        self.add_argument(
            "--quiet", action="store_true", help="no progress bars and no notes; errors are printed"
        )

    def error(self, message: str) -> NoReturn:
        """End with the usage and the sentence, which suggests a flag for an unknown one."""
        unknown = re.search(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown:
            known = [flag for action in self._actions for flag in action.option_strings]
            near = nearest(unknown[1], known)
            message += f"; did you mean {near}?" if near else ""
        super().error(message)


def add_shared_flags(group: Group, *names: str) -> None:
    """Add flags of `SHARED_FLAGS`."""
    for name in names:
        group.add_argument(name, **SHARED_FLAGS[name])


def add_output(group: Group, metavar: str, told: str, default: Path | None = None) -> None:
    """Add `--output`, where a command writes what it makes; `--out` is its former spelling."""
    show_first(
        group.add_argument(
            "--output", "--out", type=Path, metavar=metavar, default=default, help=told
        )
    )


def show_first(action: argparse.Action) -> None:
    """Keep the former spellings of a flag, and show only the first one in help and errors."""
    action.option_strings = action.option_strings[:1]


def version() -> str:
    """Name and version of the package."""
    try:
        return f"diffuseq-bench {metadata.version('diffuseq-bench')}"
    except metadata.PackageNotFoundError:
        return "diffuseq-bench (not installed)"


def run_command(
    parser: CommandParser,
    act: Callable[[argparse.Namespace, list[str]], int],
    words: Sequence[str] | None,
    *,
    resumes: bool = False,
) -> int:
    """Parse the words and act on them; where every command ends.

    Args:
        act: takes the options and the words, and returns the exit code.
        words: None = those of the process.
        resumes: whether the same command goes on after an interruption.

    Returns:
        The exit code of `act`; 2 after a mistake of the caller, 130 after Ctrl-C, 1 where nobody
        reads the output to its end.
    """
    global _quiet
    words = list(sys.argv[1:] if words is None else words)
    options = parser.parse_args(words)
    _quiet = options.quiet
    if _quiet:
        # Bars of libraries too, also in worker processes; read when tqdm is imported.
        os.environ["TQDM_DISABLE"] = "1"
    try:
        code = act(options, words)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        advice = "; run the same command again to resume" if resumes else ""
        print(f"\ninterrupted{advice}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if _is_stdout_open():
            raise
        # The interpreter flushes once more at its end, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def note(text: str) -> None:
    """Print a line on stderr, unless the command is quiet."""
    if not _quiet:
        print(text, file=sys.stderr)


def is_quiet() -> bool:
    """Whether the command was called with `--quiet`."""
    return _quiet


def print_json(value: object) -> None:
    """Print what `--json` asks for."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _is_stdout_open() -> bool:
    """Whether somebody can still read what is printed; not so where `| head` has ended."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except OSError:
        return True
    return not poll.poll(0)
