"""Human evaluation: write blinded sheets from the texts of a report, and read the answers back.

python -m benchmark.humaneval export reports/mini --task dialogue --output evaluation
python -m benchmark.humaneval import evaluation answers-*.csv
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_output,
    add_several,
    check_positive,
    note,
    run_command,
)

if TYPE_CHECKING:
    from benchmark.human_evaluation.kept_texts import KeptTexts
    from benchmark.human_evaluation.key import Key

LARGEST_SCALE = 9
"""Each point has a key."""

EXAMPLES = """\
examples:
  python -m benchmark.humaneval export reports/mini --task dialogue --output evaluation
  python -m benchmark.humaneval export reports/mini --task simplification --design pairs --system diffuseq transformer --raters 3 --output pairs
  python -m benchmark.humaneval import evaluation answers-ann.csv answers-bob.csv
"""  # noqa: E501 - one command a line


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "humaneval",
        "Export blinded sheets for human raters, and import their answers.",
        EXAMPLES,
    )
    actions = made.add_actions()
    export = actions("export", "write a key, and for each rater a page and a table")
    what = export.add_argument_group("what is judged")
    what.add_argument("report", type=Path, metavar="REPORT", help="a folder that holds records/")
    what.add_argument("--task", required=True, help="a task of the report")
    add_several(
        what, "--system", "SYSTEM", "systems of the report (default: all that are no yardsticks)"
    )
    how = export.add_argument_group("how it is judged")
    how.add_argument(
        "--design",
        choices=("pairs", "ratings"),
        default="ratings",
        help="rate one text, or compare two (default: ratings)",
    )
    how.add_argument(
        "--items",
        type=int,
        default=100,
        metavar="N",
        help="items of a sheet at most, repeats included (default: 100)",
    )
    how.add_argument(
        "--raters", type=int, default=1, metavar="N", help="all judge all items (default: 1)"
    )
    add_several(
        how,
        "--questions",
        "NAME=TEXT",
        "what is asked of each item (default: the questions of the field for the task)",
    )
    how.add_argument(
        "--scale", type=int, metavar="N", help="points of a rating, 2 to 9 (default: 5)"
    )
    how.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the choice and the order of the items (default: 0)",
    )
    add_output(
        export.add_argument_group("paths"),
        "DIR",
        "where key and sheets go (default: human-evaluation)",
        Path("human-evaluation"),
    )
    imported = actions("import", "summarise the answers: scores, tests, agreement, controls")
    imported.add_argument("folder", type=Path, metavar="DIR", help="what export wrote")
    imported.add_argument(
        "answers",
        type=Path,
        nargs="+",
        metavar="ANSWERS",
        help="from the page, or filled tables",
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: written; 2: invalid call, or invalid answers."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    return _export(options) if options.action == "export" else _import(options)


def _export(options: argparse.Namespace) -> int:
    from benchmark.human_evaluation.kept_texts import gather_texts
    from benchmark.human_evaluation.questions import SCALE, parse_questions, usual_questions
    from benchmark.human_evaluation.sheet import SheetPlan, make_key, write_sheets
    from benchmark.records.reader import read_records

    check_positive(options, "items", "raters")
    if options.scale is not None and not 2 <= options.scale <= LARGEST_SCALE:
        raise UserError(f"--scale {options.scale}: use 2 to {LARGEST_SCALE}.")
    if options.scale is not None and options.design == "pairs":
        raise UserError("--scale is for --design ratings: leave it out.")
    questions = parse_questions(options.questions)
    records = read_records(options.report)
    kept = gather_texts(records, options.task, options.system)
    plan = SheetPlan(
        design=options.design,
        questions=questions or usual_questions(kept.family, options.design),
        num_items=options.items,
        scale=options.scale or SCALE,
        seed=options.seed,
    )
    key = make_key(records, options.task, kept, plan)
    written = write_sheets(options.output, key, kept, options.raters)
    for sentence in _describe(key, kept):
        print(sentence)
    for path in written[1:]:
        print(path)
    print(f"{written[0]} (which text is whose: not for raters)")
    if kept.without:
        note(f"note: without {', '.join(kept.without)}: no complete trial.")
    return 0


def _describe(key: Key, kept: KeptTexts) -> list[str]:
    """What is on the sheet, and what bounds it."""
    repeats = sum(item.repeats is not None for item in key.items)
    sources = len({item.example for item in key.items})
    controls = ", ".join(kept.controls) or "none"
    of = f" of {kept.split_size:,}" if kept.split_size else ""
    return [
        f"{key.task}, {key.design}: {len(key.items)} items from {sources} sources,"
        f" {repeats} of them second showings; systems: {', '.join(kept.systems)};"
        f" controls: {controls}.",
        f"The records keep the texts of {len(kept.sources):,}{of} sources, the first of the split;"
        " the first candidate of each system is judged.",
    ]


def _import(options: argparse.Namespace) -> int:
    from benchmark.human_evaluation.answers import read_answers
    from benchmark.human_evaluation.key import read_key
    from benchmark.human_evaluation.outcome import sum_up
    from benchmark.human_evaluation.outcome_files import write_outcome

    key = read_key(options.folder)
    answers = read_answers(options.answers, key)
    asked = len(key.items) * len(key.questions)
    for rater, count in answers.left_open.items():
        if count:
            note(f"note: {rater} left {count} of {asked} answers open.")
    shown, written = write_outcome(options.folder / "outcome", sum_up(key, answers))
    print(shown)
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
