"""The canvas of a task, in tokens, and which of its texts do not fit or cannot be written.

A length that is written `56+` is 56, or more where the data ask for it: as long as `SHARE` of the
train texts need, in steps of `STEP`, up to `MOST`. A length without the sign is as it is. Texts
that do not fit are cut by every system, and counted for the report.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.api import Example
from benchmark.api.tokenizers import SubwordTokenizer
from benchmark.experiment.recipes import LengthsRecipe, TaskRecipe
from benchmark.experiment.task_tokenizer import identify_tokenizer, task_tokenizer
from benchmark.metrics.text import squeeze
from benchmark.store.entries import content_key
from benchmark.tasks import Task
from benchmark.tasks.data_notes import CanvasNotes, CutTexts
from benchmark.tasks.splits import SPLITS, Split

SHARE = 0.99
STEP = 8
MOST = 256
"""A network reads two such texts at once, and its cost grows with the square."""

SOURCE_MARKS, TARGET_MARKS = 3, 2
"""Special tokens round a text in the layout that has most of them, that of DiffuSeq."""

VERSION = 1
"""Part of the key: raised when other texts are counted."""

IntArray = NDArray[np.int64]


def resolve_canvas(recipe: TaskRecipe, task: Task) -> TaskRecipe:
    """The recipe with lengths in numbers."""
    lengths = recipe.lengths
    if isinstance(lengths.source, int) and isinstance(lengths.target, int):
        return recipe
    source, target = _usual(lengths.source), _usual(lengths.target)
    if task.train:
        needed = _count(task, recipe, "train")
        source = _resolve(lengths.source, needed.sources)
        target = _resolve(lengths.target, needed.targets)
    found = LengthsRecipe(source=source, target=target)
    return recipe.model_copy(update={"lengths": found})


def canvas_key(recipe: TaskRecipe, task: Task) -> str:
    """The key of the notes: of what decides them."""
    return content_key(
        {
            "stage": "canvas",
            "version": VERSION,
            "data": dict(task.split_digests),
            "tokenizer": identify_tokenizer(recipe.tokenizer),
            "lengths": recipe.lengths.model_dump(),
        }
    )


def describe_canvas(recipe: TaskRecipe, task: Task) -> CanvasNotes:
    """What the canvas and the tokeniser do to the texts of each split.

    Args:
        recipe: as the suite has it; lengths may be written with `+`.
        task: the data in use.
    """
    lengths = resolve_canvas(recipe, task).lengths
    source, target = int(lengths.source), int(lengths.target)
    tokenizer = task_tokenizer(task, recipe.tokenizer)
    cut: dict[str, CutTexts] = {}
    unwritable: dict[str, int] = {}
    references: dict[str, int] = {}
    for split in SPLITS:
        examples: Sequence[Example] = getattr(task, split)
        if not examples:
            continue
        needed = _count(task, recipe, split)
        cut[split] = CutTexts(
            of=len(examples),
            sources=int((needed.sources > source).sum()),
            targets=int((needed.targets > target).sum()),
            longest_source=int(needed.sources.max()),
            longest_target=int(needed.targets.max()),
        )
        if split != "train":
            wanted = [text for example in examples for text in example.references]
            unwritable[split] = sum(not can_write(tokenizer, text) for text in wanted)
            references[split] = len(wanted)
    return CanvasNotes(
        source=source,
        target=target,
        usual_source=_usual(recipe.lengths.source),
        usual_target=_usual(recipe.lengths.target),
        grown_for=_grown_for(recipe, task),
        cut=cut,
        unwritable=unwritable,
        references=references,
    )


def can_write(tokenizer: SubwordTokenizer, text: str) -> bool:
    """Whether a text comes back from the tokeniser as a metric that lower-cases compares it."""
    written = tokenizer.decode(tokenizer.encode(text))
    return squeeze(tokenizer.fold(written)) == squeeze(tokenizer.fold(text))


@dataclass(frozen=True)
class _Needed:
    """Tokens of every source and target of a split, with their marks."""

    sources: IntArray
    targets: IntArray


@dataclass(frozen=True)
class _Texts:
    """The texts of a split as a cache key, which identifies all that is counted of them."""

    key: str
    task: Task = field(compare=False)
    recipe: TaskRecipe = field(compare=False)
    split: Split = field(compare=False)


def _count(task: Task, recipe: TaskRecipe, split: Split) -> _Needed:
    identity = [task.split_digests["train"], task.split_digests[split], asdict(recipe.tokenizer)]
    return _count_cached(_Texts(content_key({"texts": identity}), task, recipe, split))


@lru_cache(maxsize=64)
def _count_cached(texts: _Texts) -> _Needed:
    tokenizer = task_tokenizer(texts.task, texts.recipe.tokenizer)
    examples: Sequence[Example] = getattr(texts.task, texts.split)
    sources = tokenizer.count([example.source for example in examples])
    targets = tokenizer.count([example.target for example in examples])
    return _Needed(
        np.array(sources, dtype=np.int64) + SOURCE_MARKS,
        np.array(targets, dtype=np.int64) + TARGET_MARKS,
    )


def _usual(length: int | str) -> int:
    """The number of a length without its sign."""
    return length if isinstance(length, int) else int(length.rstrip("+"))


def _resolve(length: int | str, needed: IntArray) -> int:
    usual = _usual(length)
    if isinstance(length, int):
        return usual
    wanted = float(np.quantile(needed, SHARE, method="higher"))
    if wanted <= usual:
        return usual
    return max(usual, min(MOST, STEP * math.ceil(wanted / STEP)))


def _grown_for(recipe: TaskRecipe, task: Task) -> dict[str, int]:
    """Train texts that do not fit into the usual lengths, where these are only the least."""
    if not task.train:
        return {}
    needed, lengths = _count(task, recipe, "train"), recipe.lengths
    pairs = {"source": (lengths.source, needed.sources), "target": (lengths.target, needed.targets)}
    return {
        name: int((of > _usual(length)).sum())
        for name, (length, of) in pairs.items()
        if isinstance(length, str)
    }
