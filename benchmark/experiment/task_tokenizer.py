"""The tokeniser of a task, shared by all of its from-scratch systems."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from benchmark.api.published_vocabularies import vocabulary_digest
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer
from benchmark.tasks import Task


def task_tokenizer(task: Task, recipe: TokenizerRecipe) -> SubwordTokenizer:
    """The tokeniser of `recipe`, learnt from the train split; made once per process."""
    return _train(_CachedTask(task.digest, task), recipe)


def identify_tokenizer(recipe: TokenizerRecipe) -> dict[str, Any]:
    """What decides the tokeniser of `recipe`, besides the train split: part of keys.

    Raises:
        UserError: if it names a folder that holds no vocabulary.
    """
    digest = vocabulary_digest(recipe.name) if recipe.kind == "pretrained" else None
    return asdict(recipe) | ({"files": digest} if digest is not None else {})


@dataclass(frozen=True)
class _CachedTask:
    """A task as a cache key: its digest identifies all of its content."""

    digest: str
    task: Task = field(compare=False)


@lru_cache(maxsize=16)
def _train(cached: _CachedTask, recipe: TokenizerRecipe) -> SubwordTokenizer:
    texts = (text for e in cached.task.train for text in (e.source, *e.references))
    return train_tokenizer(texts, recipe)
