"""What names columns is the same in commands, suites and `task.yaml`."""

from __future__ import annotations

import argparse

from benchmark.experiment.overrides import BROADCAST_TO_TASKS
from benchmark.experiment.recipes import TaskRecipe
from benchmark.runtime.column_keys import COLUMN_FLAGS, COLUMN_KEYS, chosen_columns
from benchmark.runtime.command_line import SHARED_FLAGS, add_shared_flags
from benchmark.tasks.task_file import KEYS


def test_the_keys_are_known_wherever_they_are_written() -> None:
    assert {*COLUMN_FLAGS} <= SHARED_FLAGS.keys()
    for known in (KEYS, TaskRecipe.model_fields, BROADCAST_TO_TASKS):
        assert {*COLUMN_KEYS} <= {*known}


def test_flags_are_read_in_the_order_of_source_target_and_references() -> None:
    parser = argparse.ArgumentParser()
    add_shared_flags(parser, *COLUMN_FLAGS)
    words = ["--refs-key", "c", "--source-key", "a"]
    assert chosen_columns(parser.parse_args(words)) == ("a", None, "c")


def test_the_help_names_the_page_of_the_formats() -> None:
    assert "docs/your-data.md" in SHARED_FLAGS["--data-dir"]["help"]
