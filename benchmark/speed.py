"""Measure decoding speed side by side with other people's implementations.

python -m benchmark.speed transformer
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.timing.comparisons import COMPARISONS, choose

EXAMPLES = """\
examples:
  python -m benchmark.speed
  python -m benchmark.speed transformer masked --repeats 15
  python -m benchmark.speed masked --only cmlm-128
  python -m benchmark.speed transformer --output reports/speed/transformer.json
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    told = [
        f"  {name}: {entry.summary} ({', '.join(entry.measurements)})"
        for name, entry in COMPARISONS.items()
    ]
    made = argparse.ArgumentParser(
        prog="python -m benchmark.speed",
        description="Time two implementations in turn in one process; medians and their ratio.",
        epilog="\n".join(["comparisons:", *told, "", EXAMPLES]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("comparison", nargs="*", help="what to compare (default: everything)")
    made.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these measurements")
    made.add_argument("--repeats", type=int, default=7, help="turns of each side (default: 7)")
    made.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1)")
    made.add_argument("--output", type=Path, metavar="FILE", help="write a JSON record too")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: measured or skipped with a reason; 2: the call cannot be carried out."""
    options = parser().parse_args(arguments)
    try:
        chosen = choose(options.comparison, options.only)
        for name in ("repeats", "threads"):
            if getattr(options, name) < 1:
                raise UserError(f"--{name} {getattr(options, name)}: use 1 or more.")
        _check_writable(options.output)
        from benchmark.workers import set_threads

        set_threads(options.threads)
        results = []
        for comparison, name in chosen:
            outcome = comparison.load()(name, repeats=options.repeats)
            print("\n".join(outcome.lines()), flush=True)
            results.append(outcome.as_dict())
        if options.output is not None:
            _write(options.output, results, options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _write(path: Path, results: list[dict[str, Any]], options: argparse.Namespace) -> None:
    from benchmark.provenance import provenance
    from benchmark.store import write_json

    words = ["python", "-m", "benchmark.speed", *options.comparison]
    words += ["--only", *options.only] if options.only else []
    words += ["--repeats", str(options.repeats), "--threads", str(options.threads)]
    record = {"command": words, "repeats": options.repeats, "results": results}
    write_json(path, record | provenance("cpu", options.threads))


def _check_writable(path: Path | None) -> None:
    """Before anything is measured: minutes are lost otherwise."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--output {path} cannot be written: {error.strerror}.") from error
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"--output {path} cannot be written: name a file in a folder of yours.")


if __name__ == "__main__":
    sys.exit(main())
