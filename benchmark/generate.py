"""Generate: candidates of a trained system for texts of your own.

python -m benchmark.generate --from runs --system diffuseq "how do i learn python ?" -n 5
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_decoding,
    add_shared_flags,
    add_trained_system,
    note,
    run_command,
)

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLES = """\
examples:
  python -m benchmark.generate --from runs --system transformer "shall we eat soup today ?" -n 5
  python -m benchmark.generate --from reports/mini --system cmlm --task dialogue < sources.txt
  python -m benchmark.generate --from mine "shall we eat soup today ?" --decoding temperature=0.5
  cat sources.txt | python -m benchmark.generate --from OWNER/NAME -n 5 --json > outputs.jsonl
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "generate", "Candidates of a trained system for texts of your own.", EXAMPLES
    )
    made.add_argument("texts", nargs="*", metavar="TEXT", help="sources (default: lines of a pipe)")
    add_trained_system(made.add_argument_group("the system"))
    how = made.add_argument_group("decoding")
    how.add_argument(
        "-n",
        "--num-samples",
        type=int,
        default=1,
        metavar="N",
        help="candidates for each text (default: 1)",
    )
    add_decoding(how, "change the setting of the table: temperature=0.5, or nfe=50")
    how.add_argument(
        "--sample-seed", type=int, default=1, metavar="N", help="seed of the draws (default: 1)"
    )
    add_shared_flags(how, "--device")
    where = made.add_argument_group("input and output")
    add_shared_flags(where, "--store", "--json")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: all texts have candidates; 2: invalid call."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    if options.num_samples < 1:
        raise UserError(f"-n {options.num_samples}: use 1 or more.")
    if stray := [word for word in options.decoding if "=" not in word]:
        raise UserError(f"--decoding {stray[0]!r:.60}: write KEY=VALUE, and texts before it.")
    texts = options.texts or _read_lines()
    from benchmark.experiment.overrides import parse
    from benchmark.library import load
    from benchmark.runtime.device import count_cores, set_threads

    set_threads(count_cores() or 1)
    trained = load(
        options.source,
        system=options.system,
        store=options.store,
        task=options.task,
        seed=options.seed,
        device=options.device,
    )
    if "setting" not in trained.facts:
        note(
            f"note: {trained.checkpoint.folder} does not say with which setting it decodes"
            " (diffuseq_bench.json is missing): the default one is used."
        )
    made = trained.generate(
        texts,
        num_samples=options.num_samples,
        seed=options.sample_seed,
        decoding=dict(parse(change, "--decoding") for change in options.decoding),
    )
    (_print_json if options.json else _print_text)(made, options.num_samples)
    unknown, tokens = trained.count_unknown(texts)
    if unknown:
        note(
            f"note: {unknown} of the {tokens} tokens of the input are not in the vocabulary of"
            " this system, which cannot tell them apart."
        )
    short = int((made.status != "ok").sum())
    if short:
        note(f"note: {short} of {len(made)} candidates are not whole: --json shows their status.")
    return 0


def _read_lines() -> list[str]:
    """The lines of the standard input.

    Raises:
        UserError: if nothing is piped in, or it is no text.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("No text is given: put one behind the options, or pipe lines in.")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"The input is not UTF-8 (byte {error.start}): convert it.") from error
    # Not `splitlines`, which would also split at line separators within a text.
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise UserError("The input is empty: pipe lines in, or put a text behind the options.")
    return lines


def _print_json(made: DataFrame, num_samples: int) -> None:
    """A line of JSON for each text, as `benchmark.score` reads it."""
    from benchmark.store.files import json_line

    rows = list(made.itertuples(index=False))
    for first in range(0, len(rows), num_samples):
        of_source = rows[first : first + num_samples]
        candidates = [{"text": row.text, "status": row.status} for row in of_source]
        print(json_line({"source": of_source[0].source, "candidates": candidates}), end="")


def _print_text(made: DataFrame, num_samples: int) -> None:
    """One candidate a line; with several for each of several texts, the text above them."""
    from benchmark.runtime.shown_text import show_controls

    many = num_samples > 1 and len(made) > num_samples
    for row in made.itertuples(index=False):
        if many and row.candidate == 0:
            print(_one_line(show_controls(str(row.source))))
        print(("  " if many else "") + _one_line(show_controls(str(row.text))))


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


if __name__ == "__main__":
    sys.exit(main())
