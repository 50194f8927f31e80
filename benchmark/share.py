"""Share: copy a trained system into a folder with a card that has its scores.

python -m benchmark.share --from reports/mini --system transformer --task dialogue --output FOLDER
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.runtime.command_line import (
    CommandParser,
    add_output,
    add_shared_flags,
    add_trained_system,
    note,
    run_command,
)

EXAMPLES = """\
examples:
  python -m benchmark.share --from reports/mini --system transformer --task dialogue --output mine
  python -m benchmark.generate --from mine "shall we eat soup today ?" -n 5
  hf upload OWNER/NAME mine
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "share", "Copy a trained system into a folder, with a card, to share it.", EXAMPLES
    )
    add_trained_system(made.add_argument_group("the system"))
    where = made.add_argument_group("paths")
    add_shared_flags(where, "--store")
    add_output(where, "DIR", "folder to write (default: SYSTEM-TASK)")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: the folder is there; 2: invalid call."""
    return run_command(parser(), _run, words)


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    from benchmark.library.checkpoint import find_checkpoint
    from benchmark.library.shared_folder import share

    found = find_checkpoint(
        options.source,
        system=options.system,
        store=options.store,
        task=options.task,
        seed=options.seed,
    )
    report = Path(options.source) if (Path(options.source) / "records").is_dir() else None
    task = found.facts.get("task", "")
    folder = options.output or Path(f"{found.system.partition(':')[2] or found.system}-{task}")
    for remark in share(found, folder, report=report):
        note(f"note: {remark}")
    print(folder)
    note(f"to upload it: hf upload OWNER/NAME {shlex.quote(str(folder))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
