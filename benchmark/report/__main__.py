"""`python -m benchmark.report FOLDER`: render a report again from its records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.report import build_report


def main(words: Sequence[str] | None = None) -> int:
    """Render the named reports; 0 = done, 2 = a mistake of the caller."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.report",
        description="Render tables, figures and index.html from the records of a run.",
        epilog="example: python -m benchmark.report reports/mini",
    )
    parser.add_argument("folder", type=Path, nargs="+", help="a folder that holds records/")
    options = parser.parse_args(words)
    try:
        for folder in options.folder:
            print(build_report(folder))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
