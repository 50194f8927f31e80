"""Measure decoding speed side by side with other people's implementations.

python -m benchmark.speed transformer
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_output,
    add_several,
    add_shared_flags,
    check_positive,
    print_json,
    run_command,
)
from benchmark.runtime.output_paths import check_output
from benchmark.timing.comparisons import COMPARISONS, choose

EXAMPLES = """\
examples:
  python -m benchmark.speed
  python -m benchmark.speed transformer masked --repeats 15
  python -m benchmark.speed masked --only cmlm-128
  python -m benchmark.speed transformer --output reports/speed/transformer.json
"""


def parser() -> CommandParser:
    """The command line."""
    summaries = [
        f"  {name}: {entry.summary} ({', '.join(entry.measurements)})"
        for name, entry in COMPARISONS.items()
    ]
    made = CommandParser(
        "speed",
        "Time two implementations alternately in one process; report medians and their ratio.",
        "\n".join(["comparisons:", *summaries, "", EXAMPLES]),
    )
    made.add_argument(
        "comparison", nargs="*", metavar="COMPARISON", help="what to compare (default: everything)"
    )
    add_several(made, "--only", "NAME", "run only these measurements")
    made.add_argument(
        "--repeats", type=int, default=7, metavar="N", help="repetitions of each side (default: 7)"
    )
    made.add_argument(
        "--threads", type=int, default=1, metavar="N", help="default: 1; their seconds are added"
    )
    add_shared_flags(made, "--json")
    add_output(made, "FILE", "write the record to a JSON file")
    made.add_argument(
        "--keep", action="store_true", help="keep the other results already in the --output record"
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: measured, or skipped with a reason; 2: invalid call."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    chosen = choose(options.comparison, options.only)
    check_positive(options, "repeats", "threads")
    check_output(options.output)
    kept = _read_kept(options)
    from benchmark.runtime.device import set_threads
    from benchmark.store.provenance import code

    code()  # is looked at once: before the code may be changed while it is measured
    set_threads(options.threads)
    results = []
    for comparison, name in chosen:
        outcome = comparison.load()(name, repeats=options.repeats)
        if not options.json:
            print("\n".join(outcome.lines()), flush=True)
        results.append(outcome.as_dict())
    record = _record(results, options, kept)
    if options.json:
        print_json(record)
    if options.output is not None:
        from benchmark.store.files import write_json
        from benchmark.timing.curve_pictures import draw_curves

        write_json(options.output, record)
        draw_curves(record, options.output)
    return 0


def _record(
    results: list[dict[str, Any]], options: argparse.Namespace, kept: dict[str, Any]
) -> dict[str, Any]:
    from benchmark.store.provenance import provenance

    words = ["python", "-m", "benchmark.speed", *options.comparison]
    words += ["--only", *options.only] if options.only else []
    words += ["--repeats", str(options.repeats), "--threads", str(options.threads)]
    record = {"command": words, "repeats": options.repeats, "results": results}
    record |= provenance("cpu", options.threads)
    if kept:
        record["results"] = _merge(kept, results)
    return record


def _read_kept(options: argparse.Namespace) -> dict[str, Any]:
    """The record to add to; empty if there is none."""
    if not options.keep:
        return {}
    if options.output is None:
        raise UserError("--keep needs --output FILE: the record to add to.")
    if not options.output.exists():
        return {}
    try:
        record: dict[str, Any] = json.loads(options.output.read_text(encoding="utf-8"))
        for result in record["results"]:
            result["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"--keep: {options.output} is not a record of benchmark.speed: name another --output."
        ) from error
    return record


def _merge(kept: dict[str, Any], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of an earlier record, each with where it comes from, and the new ones."""
    origin = {
        name: kept[name] for name in ("command", "created", "code", "versions", "machine")
        if name in kept
    }  # fmt: skip
    new = {result["name"] for result in results}
    # A result that was already kept before retains its own origin.
    old = [{"origin": origin} | result for result in kept["results"] if result["name"] not in new]
    return [*old, *results]


if __name__ == "__main__":
    sys.exit(main())
