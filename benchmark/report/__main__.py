"""`python -m benchmark.report FOLDER`: render a report again from its records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.records.packing import pack_records
from benchmark.records.report_lock import hold_report
from benchmark.report import build_paper, build_report
from benchmark.runtime.command_line import CommandParser, add_output, add_several, note, run_command

EXAMPLES = """\
examples:
  python -m benchmark.report reports/mini
  python -m benchmark.report --drawings reports/mini
  python -m benchmark.report --figures paper --output figures reports/mini
  python -m benchmark.report reports/mini --columns validity.expected self_bleu.set cost.depth
  python -m benchmark.report --pack reports/mini
  python -m benchmark.report reports/ann reports/ben --merge reports/ours
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "report", "Render tables, figures and index.html from the records of a run.", EXAMPLES
    )
    made.add_argument(
        "report", type=Path, nargs="+", metavar="REPORT", help="a folder that holds records/"
    )
    made.add_argument(
        "--figures",
        choices=("paper", "all"),
        help="paper: the figures of the DiffuSeq papers, redrawn from these records;"
        " all: those and the report (default: the report)",
    )
    made.add_argument(
        "--drawings",
        action="store_true",
        help="write every figure of the report as PNG and PDF too, for a paper (default: only the"
        " overview as PNG; the papers' figures always have both)",
    )
    add_several(
        made,
        "--columns",
        "COLUMN",
        "columns of the LaTeX tables, by their names in the CSV files (default: the four to"
        " six that a paper needs; a table that has none of these keeps them)",
    )
    made.add_argument(
        "--pack",
        action="store_true",
        help="first put the records into archives of well below 1 MiB, to be kept in a repository;"
        " all commands read them as before",
    )
    made.add_argument(
        "--merge",
        type=Path,
        metavar="FOLDER",
        help="put the records of all named reports into this new folder and render that: one board"
        " of several people's runs; what may not be compared is refused",
    )
    add_output(made, "DIR", "where the papers' figures of one report go (default: REPORT/paper)")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Render the named reports; 0 = done, 2 = a mistake of the caller."""
    return run_command(parser(), _render, words)


def _render(options: argparse.Namespace, _words: Sequence[str]) -> int:
    figures, output = options.figures, options.output
    if output is not None and (figures is None or (len(options.report) > 1 and not options.merge)):
        raise UserError(
            "--output says where the papers' figures of one report go: give --figures paper and"
            " one folder."
        )
    if options.columns and figures == "paper":
        raise UserError(
            "--columns is about the tables, which --figures paper does not write: leave one out."
        )
    reports = options.report
    if options.merge is not None:
        from benchmark.records.merging import merge_records

        for sentence in merge_records(reports, options.merge):
            note(f"note: {sentence}")
        reports = [options.merge]
    for folder in reports:
        if options.pack:
            with hold_report(folder):
                pack_records(folder)
        if figures != "paper":
            print(build_report(folder, drawings=options.drawings, columns=options.columns))
        if figures is not None:
            print(build_paper(folder, output))
    return 0


if __name__ == "__main__":
    sys.exit(main())
