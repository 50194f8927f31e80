"""One grammar per file; `load` imports the requested one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.tasks.grammar import Grammar

GRAMMARS = ("paraphrase", "question-generation", "simplification", "dialogue")
"""Ids of the controlled tasks."""


def load(task_id: str) -> Grammar:
    """The grammar of a controlled task.

    Raises:
        KeyError: if `task_id` is not one of `GRAMMARS`.
    """
    if task_id not in GRAMMARS:
        raise KeyError(task_id)
    module = importlib.import_module(f"{__name__}.{task_id.replace('-', '_')}")
    return module.GRAMMAR
