"""The grammars of the controlled tasks, one YAML file each, in the language of `tasks.grammar`."""

from __future__ import annotations

from pathlib import Path

from benchmark.tasks.grammar import Grammar

GRAMMARS = ("paraphrase", "question-generation", "simplification", "dialogue")
"""Ids of the controlled tasks."""

FOLDER = Path(__file__).parent
"""Where `load` looks for the file of a grammar."""


def load(task_id: str) -> Grammar:
    """The grammar of a controlled task.

    Raises:
        KeyError: if `task_id` is not one of `GRAMMARS`.
    """
    from benchmark.tasks.grammar_file import read_grammar

    if task_id not in GRAMMARS:
        raise KeyError(task_id)
    return read_grammar(FOLDER / f"{task_id}.yaml")
