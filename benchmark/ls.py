"""List what there is: tasks, systems, metrics, suites.

python -m benchmark.ls systems
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

KINDS = ("tasks", "systems", "metrics", "suites")


def listing(kind: str) -> list[dict[str, object]]:
    """The entries of one kind as plain data; imports neither torch nor a metric."""
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the listings; exit code 2 for an unknown kind."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.ls", description="List tasks, systems, metrics and suites."
    )
    parser.add_argument(
        "kind", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    unknown = [kind for kind in options.kind if kind not in KINDS]
    if unknown:
        from benchmark.api.did_you_mean import suggestion

        print(
            f"error: Nothing is called {unknown[0]!r}: {suggestion(unknown[0], KINDS)}",
            file=sys.stderr,
        )
        return 2
    found = {kind: listing(kind) for kind in options.kind or KINDS}
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    for kind, rows in found.items():
        print(f"{kind}:")
        for row in rows:
            note = f"  [not installed: {row['install']}]" if row.get("install") else ""
            print(f"  {row['id']!s:22} {row['summary']}{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
