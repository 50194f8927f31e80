"""`python -m benchmark`, or `diffuseq-bench`: the commands by name.

python -m benchmark run --task all
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence

from benchmark.api.did_you_mean import suggestion
from benchmark.runtime.command_line import version

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("benchmark.run", "train, generate, score and report"),
    "status": ("benchmark.status", "show how far the runs of a store are, on all machines"),
    "score": ("benchmark.score", "score the outputs of any system and add them to a report"),
    "report": ("benchmark.report.__main__", "render a report again from its records"),
    "generate": ("benchmark.generate", "candidates of a trained system for texts of your own"),
    "share": ("benchmark.share", "copy a trained system into a folder, with a card, to share it"),
    "data": ("benchmark.data", "convert data of your own, and look at it before anything runs"),
    "verify": ("benchmark.verify", "check a kept report against its code and data"),
    "speed": ("benchmark.speed", "compare the speed of our systems with other implementations"),
    "distil": ("benchmark.distil", "write a task whose targets are outputs of a trained system"),
    "humaneval": ("benchmark.humaneval", "write sheets for human raters and read their answers"),
    "tune": ("benchmark.tune", "search recipes on the valid split, equally for every system"),
    "ls": ("benchmark.ls", "list tasks, systems, metrics and suites"),
}
"""Module and summary of each command; a module is imported only when its command is called."""


def format_overview() -> str:
    """The usage text: all commands, each with its summary."""
    lines = [f"  {name:9} {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: diffuseq-bench COMMAND ...   (or: python -m benchmark COMMAND ...)",
            "",
            "commands:",
            *lines,
            "",
            "`diffuseq-bench COMMAND --help` shows the flags of a command.",
        ]
    )


def main(words: Sequence[str] | None = None) -> int:
    """Call the named command; return its exit code, or 2 for an unknown name."""
    name, *rest = list(sys.argv[1:] if words is None else words) or ["--help"]
    if name in ("-h", "--help"):
        print(format_overview())
        return 0
    if name == "--version":
        print(version())
        return 0
    if name.startswith("-"):
        # Until 0.5, `diffuseq-bench` was `benchmark.run` alone.
        name, rest = "run", [name, *rest]
        if "--quiet" not in rest:
            print("note: no command given, running `diffuseq-bench run`", file=sys.stderr)
    if name not in COMMANDS:
        print(f"error: There is no command {name!r}: {suggestion(name, COMMANDS)}", file=sys.stderr)
        return 2
    code: int = importlib.import_module(COMMANDS[name][0]).main(rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
