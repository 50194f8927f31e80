"""List what is available: tasks, systems, metrics, suites.

python -m benchmark.ls systems
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.runtime.command_line import (
    CommandParser,
    add_shared_flags,
    print_json,
    run_command,
)

KINDS = ("tasks", "systems", "metrics", "suites")


def list_entries(kind: str) -> list[dict[str, object]]:
    """The entries of one kind as plain data; imports neither torch nor any metric."""
    if kind == "systems":
        from benchmark.experiment.registry import system_entries

        return [
            {
                "id": entry.id,
                "family": entry.family,
                "summary": entry.summary,
                "available": entry.available,
                "install": "" if entry.available else entry.install,
            }
            for entry in system_entries().values()
        ]
    if kind == "tasks":
        from benchmark.tasks import TASKS

        return [
            {"id": entry.id, "kind": entry.kind, "summary": entry.title} for entry in TASKS.values()
        ]
    if kind == "metrics":
        from benchmark.metrics import metric_types

        return [
            {
                "id": name,
                "level": metric.level,
                "direction": metric.direction,
                "summary": metric.summary,
            }
            for name, metric in metric_types().items()
        ]
    from benchmark.experiment.suite import load_suite, suite_names

    return [
        {"id": name, "tasks": list(suite.tasks), "summary": suite.description}
        for name in suite_names()
        for suite in [load_suite(name)]
    ]


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser("ls", "List tasks, systems, metrics and suites.")
    made.add_argument("kind", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} (default: all)")
    add_shared_flags(made, "--json")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Print the listings; exit code 2 for an unknown kind."""
    return run_command(parser(), _list, words)


def _list(options: argparse.Namespace, _words: Sequence[str]) -> int:
    for kind in options.kind:
        if kind not in KINDS:
            raise UserError(f"There is no list of {kind!r}: {suggestion(kind, KINDS)}")
    found = {kind: list_entries(kind) for kind in options.kind or KINDS}
    if options.json:
        print_json(found)
        return 0
    for kind, rows in found.items():
        print(f"{kind}:")
        for row in rows:
            note = f"  [not installed: {row['install']}]" if row.get("install") else ""
            print(f"  {row['id']!s:22} {row['summary']}{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
