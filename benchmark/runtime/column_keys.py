"""What names the columns of data of one's own: keys of files, and the same as flags of commands.

All are in the order of source, target and references. Nothing heavy is imported: commands need
them before their arguments are parsed.
"""

from __future__ import annotations

import argparse

COLUMN_KEYS = ("source_key", "target_key", "refs_key")
"""Fields of a task in a suite, and keys of `task.yaml`."""
COLUMN_FLAGS = tuple(f"--{key.replace('_', '-')}" for key in COLUMN_KEYS)


def chosen_columns(options: argparse.Namespace) -> tuple[str | None, ...]:
    """The columns that the flags of a command name; None = not named."""
    return tuple(getattr(options, key) for key in COLUMN_KEYS)
