"""Try many malformed inputs and write down how they ended: `python -m tests.robustness`.

Counts go to `reports/robustness.md`; the exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, Phase, given, seed, settings
from malformed_inputs import KINDS, Write
from trial_run import Outcome, try_input

TROUBLES = ("traceback", "hang", "silent drop", "no sentence")
SHARES = {"data files": 3, "output files": 4, "suites": 3, "set words": 3, "names": 2,
          "plug-ins": 1, "checkpoints": 1, "records": 3}  # fmt: skip
"""Parts of the inputs that each kind gets."""


def try_kind(kind: str, count: int, number: int) -> list[Outcome]:
    """The outcomes of so many inputs of a kind, drawn from a seed."""
    found: list[Outcome] = []

    @seed(number)
    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(KINDS[kind])
    def attempt(write: Write) -> None:
        found.append(try_input(write))

    attempt()
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: every input ended in a sentence or was accepted and accounted for."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="inputs (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", nargs="+", choices=tuple(KINDS), default=list(KINDS))
    parser.add_argument("--output", type=Path, default=Path("reports/robustness.md"))
    options = parser.parse_args(words)
    begin, outcomes = time.monotonic(), dict[str, list[Outcome]]()
    whole = sum(SHARES[kind] for kind in options.kind)
    for kind in options.kind:
        count = -(-options.examples * SHARES[kind] // whole)
        outcomes[kind] = try_kind(kind, count, options.seed)
        shown = Counter(o.trouble for o in outcomes[kind] if o.trouble)
        sys.stderr.write(f"{kind}: {len(outcomes[kind])} inputs, {dict(shown) or 'no trouble'}\n")
    seconds = time.monotonic() - begin
    options.output.write_text(describe(outcomes, options.seed, seconds), encoding="utf-8")
    bad = [outcome for found in outcomes.values() for outcome in found if outcome.trouble]
    for outcome in {o.details: o for o in bad}.values():
        sys.stderr.write(f"{outcome.trouble}: {outcome.call.command} {outcome.call.words!r:.300}\n")
        sys.stderr.write(f"  {outcome.details}\n")
    return 1 if bad else 0


def describe(outcomes: dict[str, list[Outcome]], number: int, seconds: float) -> str:
    """The counts as a page."""
    heads = [
        "Inputs of",
        "tried",
        "refused",
        "accepted",
        "some failed",
        *(f"{t}s" for t in TROUBLES),
    ]
    rows = []
    for kind, found in outcomes.items():
        codes, troubles = Counter(o.code for o in found), Counter(o.trouble for o in found)
        rows.append(
            [kind, len(found), codes[2], codes[0], codes[1], *(troubles[t] for t in TROUBLES)]
        )
    rows.append(["all", *(sum(row[column] for row in rows) for column in range(1, len(heads)))])
    table = [heads, [":---", *["---:"] * (len(heads) - 1)], *rows]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in table]
    return "\n".join([
        "# Malformed inputs", "",
        "Each input is a good one with something made odd, or no input of its kind at all. It has"
        " to be refused in one sentence (exit code 2), or accepted with every row accounted for.",
        "",
        *lines, "",
        f"Made on {datetime.now(UTC):%Y-%m-%d} in {seconds:.0f} s by `python -m tests.robustness"
        f" --examples {sum(map(len, outcomes.values()))} --seed {number}`.", "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
