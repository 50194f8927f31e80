"""Splits of the controlled tasks: deterministic functions of (task id, version).

Sources of valid and test are drawn by the grammar's weights without replacement and never occur in
train, so a system must compose: it has seen the words of a test source, not the source. Train
sources are drawn with replacement and can recur with other targets, as in real corpora.

`target` is one draw from the true distribution. `references` of valid and test are the target and
further distinct draws, up to `REFERENCES` in all: a few, as real test sets have, since one alone
would punish valid outputs and all of them together would give every valid output the score 1. BLEU
and ROUGE of a controlled task are therefore higher than single-reference ones, and the score of
draws from the grammar itself differs by task: mean `bleu_sent_m4` 0.77 (paraphrase), 0.78
(question-generation), 0.79 (simplification), 0.40 (dialogue). A system that always gives the
likeliest target can score higher; validity, coverage and divergence, measured against the whole
distribution, show what BLEU cannot.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence

from benchmark.api import Example
from benchmark.tasks import grammars
from benchmark.tasks.grammar import Grammar, pick, tempered
from benchmark.tasks.splits import Split

SIZES: Mapping[Split, int] = {"train": 12_000, "valid": 200, "test": 200}
"""Examples per split."""

REFERENCES = 4
"""References of a valid or test example, if the source has enough targets."""


def make_splits(
    grammar: Grammar, *, sizes: Mapping[Split, int] = SIZES
) -> dict[Split, tuple[Example, ...]]:
    """Train, valid and test of a grammar, disjoint by source.

    Raises:
        ValueError: if the grammar has too few sources for valid and test.
    """
    ordered = _weighted_order(grammar)
    held_out = sizes["test"] + sizes["valid"]
    if held_out >= len(ordered):
        raise ValueError(f"{grammar.task_id}: {len(ordered)} sources, {held_out} to hold out")
    sources: dict[Split, list[str]] = {
        "test": [source for source, _ in ordered[: sizes["test"]]],
        "valid": [source for source, _ in ordered[sizes["test"] : held_out]],
        "train": _with_replacement(grammar, ordered[held_out:], sizes["train"]),
    }
    return {
        split: tuple(_examples(grammar, split, sources[split]))
        for split in ("train", "valid", "test")
    }


def conditional(task_id: str, source: str, temperature: float) -> dict[str, float]:
    """Every valid target of `source` with p^(1/temperature), renormalised; empty if unknown.

    Args:
        task_id: of a controlled task.
        source: a text.
        temperature: 1 is the distribution of the grammar.

    Raises:
        UserError: if the temperature is not a positive number.
    """
    return tempered(_distribution(task_id, source), temperature)


@functools.cache
def grammar(task_id: str) -> Grammar:
    """The grammar of a controlled task, built once."""
    return grammars.load(task_id)


@functools.cache
def splits(task_id: str) -> Mapping[Split, tuple[Example, ...]]:
    """The splits of a controlled task, drawn once: a process reads its task several times."""
    return make_splits(grammar(task_id))


@functools.lru_cache(maxsize=4096)
def _distribution(task_id: str, source: str) -> Mapping[str, float]:
    return grammar(task_id).distribution(source)


def _weighted_order(grammar: Grammar) -> list[tuple[str, float]]:
    """All sources in an order drawn by weight without replacement.

    Source: Efraimidis and Spirakis (2006), weighted random sampling with a reservoir: order by
    log(u) / w, u uniform. u is a hash of the source, so a source keeps its u for ever.
    """
    keyed = []
    for source, weight in grammar.sources():
        text = f"{grammar.task_id}/{grammar.version}/order/{source}"
        head = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        keyed.append((-math.log((head + 0.5) / 2**64) / weight, source, weight))
    return [(source, weight) for _, source, weight in sorted(keyed)]


def _with_replacement(grammar: Grammar, pool: Sequence[tuple[str, float]], count: int) -> list[str]:
    generator = _generator(grammar, "train sources")
    cumulative = list(itertools.accumulate(weight for _, weight in pool))
    # `Random.choices` would do, but only `Random.random` is guaranteed not to change.
    marks = (generator.random() * cumulative[-1] for _ in range(count))
    last = len(pool) - 1
    return [pool[min(bisect.bisect(cumulative, mark), last)][0] for mark in marks]


def _examples(grammar: Grammar, split: Split, sources: list[str]) -> Iterator[Example]:
    generator = _generator(grammar, split)
    for number, source in enumerate(sources, start=1):
        drawn = [grammar.sample(source, generator)]
        if split != "train":
            left = grammar.distribution(source)
            for _ in range(min(REFERENCES, len(left)) - 1):
                del left[drawn[-1]]
                drawn.append(pick(list(left.items()), generator))
        yield Example(f"{split}-{number}", source, drawn[0], tuple(drawn))


def _generator(grammar: Grammar, purpose: str) -> random.Random:
    text = f"{grammar.task_id}/{grammar.version}/{purpose}"
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))
