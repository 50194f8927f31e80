"""`python -m benchmark.literature COLLECTED.csv FOLDER...`: make `published.csv`.

python -m benchmark.literature collected.csv benchmark/literature reports
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.literature.conversion import convert
from benchmark.literature.published_figures import parse, render
from benchmark.store.files import write_text


def main(words: Sequence[str] | None = None) -> int:
    """Convert a collection; 0 = done, 2 = a mistake of the caller."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.literature",
        description="Make published.csv from figures as they were collected.",
    )
    parser.add_argument(
        "collected", type=Path, help="columns: task, system, metric, value, scale, ..."
    )
    parser.add_argument("folder", type=Path, nargs="+", help="where published.csv is written")
    options = parser.parse_args(words)
    try:
        text = render(convert(options.collected.read_text(encoding="utf-8")))
        parse(text)
        for folder in options.folder:
            write_text(folder / "published.csv", text)
    except (OSError, KeyError, ValueError, UserError) as error:
        print(f"error: {options.collected}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
