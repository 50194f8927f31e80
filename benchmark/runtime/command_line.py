"""What all commands share: parser, common flags, notes, exit codes.

It is imported before the arguments are parsed, so it imports nothing heavy.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
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
from benchmark.runtime.error_message import shorten
from benchmark.runtime.shown_text import show_controls
from benchmark.runtime.stop_request import STOPPED, StopSignal

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
        "help": "folder that contains TASK/{train,valid,test}.jsonl, or .csv and others: see"
        " docs/your-data.md",
    },
    "--source-key": {
        "metavar": "NAME",
        "help": "column of the sources, or ending of their file (default: found by its name)",
    },
    "--target-key": {"metavar": "NAME", "help": "the same, of the targets"},
    "--refs-key": {"metavar": "NAME", "help": "the same, of all references, a list"},
    "--device": {"default": "auto", "help": "auto, cpu, cuda or cuda:N (default: auto)"},
    "--jobs": {
        "type": int,
        "metavar": "N",
        "help": "trials to run at the same time, each on a GPU of its own where there are several"
        " (default: cores / threads, or on GPUs as many as they hold)",
    },
    "--store": {
        "type": Path,
        "metavar": "DIR",
        "default": Path("runs"),
        "help": "folder for finished stages (default: runs)",
    },
    "--json": {"action": "store_true", "help": "print JSON instead of text"},
}
"""Flags shared by several commands, as arguments of `add_argument`."""

_quiet = False


class _ActionParser(argparse.ArgumentParser):
    """The parser of an action of a command."""

    def error(self, message: str) -> NoReturn:
        super().error(shorten(message))


class CommandParser(argparse.ArgumentParser):
    """The parser of one command: unabbreviated flags, `--version`, `--quiet`, suggestions."""

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
            "--quiet", action="store_true", help="print errors only: no progress bars, no notes"
        )

    def add_actions(self) -> Callable[[str, str], argparse.ArgumentParser]:
        """Let the command have several actions, of which a call names one.

        Returns:
            What makes the parser of an action from its name and a summary.
        """
        parsers = self.add_subparsers(
            dest="action",
            required=True,
            metavar="ACTION",
            title="actions (ACTION --help shows the flags)",
            parser_class=_ActionParser,
        )

        def add_action(name: str, summary: str) -> argparse.ArgumentParser:
            made = parsers.add_parser(
                name,
                help=summary,
                description=f"{summary[0].upper()}{summary[1:]}.",
                allow_abbrev=False,
            )
            # Where it is not given, what stands before the action counts.
            made.add_argument(
                "--quiet", action="store_true", default=argparse.SUPPRESS, help="print errors only"
            )
            return made

        return add_action

    def error(self, message: str) -> NoReturn:
        """Exit with the usage and the message, which suggests a near match for an unknown flag."""
        unknown = re.search(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown:
            near = nearest(unknown[1], flags_of(self))
            message += f"; did you mean {near}?" if near else ""
        super().error(shorten(message))


def flags_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The flags that the help of a command and its actions shows."""
    found: dict[str, argparse.Action] = {}
    for action in parser._actions:
        found |= {flag: action for flag in action.option_strings if flag not in found}
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found = flags_of(below) | found
    return found


def add_shared_flags(group: Group, *names: str) -> None:
    """Add flags of `SHARED_FLAGS`."""
    for name in names:
        group.add_argument(name, **SHARED_FLAGS[name])


def add_several(
    group: Group,
    flag: str,
    metavar: str,
    help_text: str,
    kind: Callable[[str], Any] | None = None,
) -> None:
    """Add a flag that takes several values and may be given several times."""
    added = group.add_argument(
        flag, nargs="+", action="extend", default=[], metavar=metavar, help=help_text
    )
    added.type = kind


def add_output(group: Group, metavar: str, help_text: str, default: Path | None = None) -> None:
    """Add `--output`, the path a command writes to; `--out` is its former spelling."""
    show_first(
        group.add_argument(
            "--output", "--out", type=Path, metavar=metavar, default=default, help=help_text
        )
    )


def add_trained_system(group: Group) -> None:
    """Add the flags that name a trained system."""
    group.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="RUN",
        help="a store, the report of a run, a folder of a trained system, or OWNER/NAME on a hub",
    )
    group.add_argument("--system", help="which system of a store or report; or module:Class")
    group.add_argument("--task", help="the task that it was trained on, where there are several")
    group.add_argument(
        "--seed", type=int, metavar="N", help="seed of its training, where there are several"
    )


def add_decoding(group: Group, about: str) -> None:
    """Add the flag that changes fields of a setting; `about` says of which, with examples."""
    add_several(group, "--decoding", "KEY=VALUE", about)


def show_first(action: argparse.Action) -> None:
    """Accept all spellings of a flag, but show only the first in help and errors."""
    action.option_strings = action.option_strings[:1]


def check_positive(options: argparse.Namespace, *names: str) -> None:
    """Refuse numbers below 1; one that was not given may be None.

    Raises:
        UserError: naming the flag.
    """
    for name in names:
        number = getattr(options, name)
        if number is not None and number < 1:
            raise UserError(f"--{name} {number}: use 1 or more.")


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
    """Parse the arguments and run the command; every command ends here.

    Args:
        act: takes the options and the words, and returns the exit code.
        words: None = those of the process.
        resumes: whether the same command resumes after an interruption.

    Returns:
        The exit code of `act`; 2 after a user error or where the output cannot be written, 130
        after Ctrl-C, 75 after SIGTERM where a command resumes, 1 if the reader of the output closes
        it early.
    """
    global _quiet
    words = list(sys.argv[1:] if words is None else words)
    # A name of a file that is no text, or a sign that a terminal has not, is escaped.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _check_words(words)
        options = parser.parse_args(words)
        _quiet = options.quiet
        if _quiet:
            # Also disables the bars of libraries and worker processes; read when tqdm is imported.
            os.environ["TQDM_DISABLE"] = "1"
        code = act(options, words)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"error: {shorten(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        advice = "; run the same command again to resume" if resumes else ""
        print(f"\ninterrupted{advice}", file=sys.stderr)
        return 130
    except StopSignal:
        advice = ": run the same command again to resume" if resumes else ""
        print(f"stopped by SIGTERM{advice}", file=sys.stderr)
        return STOPPED
    except SystemExit as leaving:
        # The help was printed; what is buffered may find no reader or no room.
        if (lost := _flush()) is not None:
            raise SystemExit(lost) from leaving
        raise
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            said = f"The path {error.filename!r} is longer than one may be: give a shorter one."
            print(f"error: {shorten(said)}", file=sys.stderr)
            return 2
        if isinstance(error, PermissionError) and error.filename is not None:
            said = f"{error.filename} cannot be read or written: change its permissions."
            print(f"error: {shorten(said)}", file=sys.stderr)
            return 2
        # What was being written, to the output or to a file, has no name here.
        if error.errno in _NO_ROOM and error.filename is None:
            _say_unwritable(error)
            _give_up_output()
            return 2
        if not isinstance(error, BrokenPipeError) or (lost := _flush()) is None:
            raise
        return lost


def _check_words(words: Sequence[str]) -> None:
    """Refuse arguments that no record could hold: names of files that are not UTF-8.

    Raises:
        UserError: if there is one.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            shown = word.encode("utf-8", "backslashreplace").decode()
            raise UserError(
                f"The argument {shown!r} is not UTF-8: rename the file or folder that it names."
            ) from error


def _flush() -> int | None:
    """Flush the output; the exit code where that fails, None where it does not.

    The interpreter would flush once more on exit, and fail again.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = 1
    except OSError as error:
        _say_unwritable(error)
        code = 2
    else:
        if _is_stdout_open():
            return None
        code = 1
    _give_up_output()
    return code


def _say_unwritable(error: OSError) -> None:
    print(f"error: The output cannot be written ({error.strerror}).", file=sys.stderr)


def _give_up_output() -> None:
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def note(text: str) -> None:
    """Print a line on stderr, unless the command is quiet."""
    if not _quiet:
        print(show_controls(text), file=sys.stderr)


def is_quiet() -> bool:
    """Whether the command was called with `--quiet`."""
    return _quiet


def print_json(value: object) -> None:
    """Print a value as the JSON of `--json`."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _is_stdout_open() -> bool:
    """Whether stdout still has a reader; it has none after `| head` has exited."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except OSError:
        return True
    return not poll.poll(0)
