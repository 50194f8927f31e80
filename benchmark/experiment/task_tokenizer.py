"""The tokeniser of a task, shared by all of its from-scratch systems."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer
from benchmark.tasks import Task


def task_tokenizer(task: Task, recipe: TokenizerRecipe) -> SubwordTokenizer:
    """The tokeniser of `recipe`, learnt from the train split; made once per process."""
    return _train(_CachedTask(task.digest, task), recipe)


@dataclass(frozen=True)
class _CachedTask:
    """A task as a cache key: its digest identifies all of its content."""

    digest: str
    task: Task = field(compare=False)


@lru_cache(maxsize=16)
def _train(cached: _CachedTask, recipe: TokenizerRecipe) -> SubwordTokenizer:
    texts = (text for e in cached.task.train for text in (e.source, *e.references))
    return train_tokenizer(texts, recipe)
