"""Splits of the controlled tasks: deterministic functions of (task id, version).

Sources of valid and test are drawn by the grammar's weights without replacement and never occur
in train, so a system must compose: it has seen the words of a test source, not the source. Train
sources are drawn with replacement and can come back with other targets, as in real corpora.

`target` is one draw from the true distribution. `references` of valid and test are the target and
further distinct draws, up to `REFERENCES` in all: the few references a real test set would have,
not the whole set of valid targets, against which almost any overlap with the vocabulary would
count. Multi-reference BLEU and ROUGE of a controlled task are therefore higher than single-
reference ones, lower than against all targets, and no system, the grammar included, reaches 1;
validity, coverage and divergence are measured against the whole distribution.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import random
from collections.abc import Iterator, Mapping

from benchmark.api import Example
from benchmark.tasks import grammars
from benchmark.tasks.grammar import Grammar, tempered
from benchmark.tasks.splits import Split

SIZES: Mapping[Split, int] = {"train": 12_000, "valid": 200, "test": 200}
"""Examples a split."""

REFERENCES = 4
"""References of a valid or test example, where the source has as many targets."""


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
    pool = ordered[held_out:]
    cumulative = list(itertools.accumulate(weight for _, weight in pool))
    chooser = _generator(grammar, "train sources")
    sources: dict[Split, list[str]] = {
        "test": [source for source, _ in ordered[: sizes["test"]]],
        "valid": [source for source, _ in ordered[sizes["test"] : held_out]],
        "train": [
            source for source, _ in chooser.choices(pool, cum_weights=cumulative, k=sizes["train"])
        ],
    }
    return {
        split: tuple(_examples(grammar, split, sources[split]))
        for split in ("train", "valid", "test")
    }


def conditional(task_id: str, source: str, temperature: float) -> dict[str, float]:
    """Every valid target of `source` with p^(1/temperature), renormalised; empty if foreign.

    Raises:
        UserError: if the temperature is not a positive number.
    """
    return tempered(_distribution(task_id, source), temperature)


@functools.cache
def grammar(task_id: str) -> Grammar:
    """The grammar of a controlled task, built once."""
    return grammars.load(task_id)


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


def _examples(grammar: Grammar, split: Split, sources: list[str]) -> Iterator[Example]:
    generator = _generator(grammar, split)
    for number, source in enumerate(sources, start=1):
        drawn = [grammar.sample(source, generator)]
        if split != "train":
            others = grammar.distribution(source)
            while others.pop(drawn[-1]) and others and len(drawn) < REFERENCES:
                drawn.append(_draw(others, generator))
        yield Example(f"{split}-{number}", source, drawn[0], tuple(drawn))


def _draw(masses: Mapping[str, float], generator: random.Random) -> str:
    return generator.choices(list(masses), weights=list(masses.values()))[0]


def _generator(grammar: Grammar, purpose: str) -> random.Random:
    text = f"{grammar.task_id}/{grammar.version}/{purpose}"
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))
