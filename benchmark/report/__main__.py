"""`python -m benchmark.report FOLDER`: render a report again from its records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.report import build_paper, build_report

EXAMPLES = """\
examples:
  python -m benchmark.report reports/mini
  python -m benchmark.report --figures paper --out figures reports/mini
"""


def main(words: Sequence[str] | None = None) -> int:
    """Render the named reports; 0 = done, 2 = a mistake of the caller."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.report",
        description="Render tables, figures and index.html from the records of a run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="+", help="a folder that holds records/")
    parser.add_argument(
        "--figures",
        choices=("paper", "all"),
        help="paper: the figures of the DiffuSeq papers, redrawn from these records;"
        " all: those and the report (default: the report)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the figures of the papers go (default: FOLDER/paper); one folder alone",
    )
    options = parser.parse_args(words)
    try:
        for path in _rendered(options.folder, options.figures, options.out):
            print(path)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _rendered(folders: Sequence[Path], figures: str | None, out: Path | None) -> Iterator[Path]:
    if out is not None and (figures is None or len(folders) > 1):
        raise UserError(
            "--out says where the figures of the papers of one report go: give --figures paper and"
            " one folder."
        )
    for folder in folders:
        if figures != "paper":
            yield build_report(folder)
        if figures is not None:
            yield build_paper(folder, out)


if __name__ == "__main__":
    sys.exit(main())
