"""What sets the sources of a test split apart: length, overlap with train, likeness to the answer.

By these a report groups the sources (`benchmark.report.analysis.strata`). They are facts of the
data, the same for every system, and need no model.

Source: scores by overlap with train, n-gram by n-gram: Brown et al., "Language models are few-shot
learners" (arXiv 2005.14165, appendix C), with 13-grams over whole documents; sentences are shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.api import Example, detect_script
from benchmark.api.token_unit import Unit, unit_of
from benchmark.metrics.bleu_sent_m4 import sentence_bleu
from benchmark.metrics.text import split
from benchmark.store.entries import content_key
from benchmark.tasks import Task

ORDER = 4
"""Words (or what else the task is counted by) of the pieces whose overlap with train counts."""

DECIMALS = 3

VERSION = 1
"""Part of the key: raised when the facts of the same data change."""

Tokens = list[str]
Piece = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Of one source."""

    id: str
    length: int
    """Words, or what else the task is counted by."""
    overlap: float
    """Share of its different pieces of `ORDER` words that some source or target of train has; a
    shorter source is one piece."""
    likeness: float
    """Sentence BLEU of the source against the references, lower-cased: what a copy would score."""

    def as_dict(self) -> dict[str, Any]:
        """The facts as plain JSON types."""
        return asdict(self)


def facts_key(task: Task, unit: Unit | None = None) -> str:
    """The key of the facts: of the data that decide them, and what texts are counted by.

    Args:
        unit: None = as their script asks for.
    """
    digests = {split: task.split_digests[split] for split in ("train", "test")}
    # What the texts show follows from the digests, and was once all that there was.
    said = {} if unit in (None, _shown(task)) else {"unit": unit}
    return content_key({"stage": "sources", "version": VERSION, **digests, **said})


def describe_sources(task: Task, unit: Unit | None = None) -> list[SourceFacts]:
    """The facts of every test source, in the order of the split.

    Args:
        unit: what texts are counted by; None = as their script asks for.
    """
    counted = unit or _shown(task)

    def tokens(text: str) -> Tokens:
        return split(text, "lower", counted)

    sources = [tokens(example.source) for example in task.test]
    pieces = [set(_pieces(source)) for source in sources]
    seen = _find_seen(set().union(*pieces), (tokens(text) for text in _texts(task.train)))
    likeness = sentence_bleu(
        [[example.source] for example in task.test],
        [example.references for example in task.test],
        tokens,
    )
    return [
        SourceFacts(
            id=example.id,
            length=len(source),
            overlap=round(len(of_source & seen) / max(1, len(of_source)), DECIMALS),
            likeness=round(float(value), DECIMALS) + 0.0,
        )
        for example, source, of_source, value in zip(
            task.test, sources, pieces, likeness[:, 0], strict=True
        )
    ]


def _shown(task: Task) -> Unit:
    return unit_of(detect_script(t for example in task.test for t in example.references))


def _texts(examples: Sequence[Example]) -> Iterable[str]:
    return dict.fromkeys(text for e in examples for text in (e.source, e.target))


def _pieces(tokens: Tokens) -> Iterable[Piece]:
    if len(tokens) <= ORDER:
        return [tuple(tokens)] if tokens else []
    return zip(*(tokens[start:] for start in range(ORDER)), strict=False)


def _find_seen(wanted: set[Piece], texts: Iterable[Tokens]) -> set[Piece]:
    """Which of the pieces are in some of the texts."""
    seen: set[Piece] = set()
    short = {len(piece) for piece in wanted if len(piece) < ORDER}
    for text in texts:
        seen.update(wanted.intersection(_pieces(text)))
        for size in short:
            # A short source is looked for inside the longer texts as well.
            inside = zip(*(text[start:] for start in range(size)), strict=False)
            seen.update(wanted.intersection(inside))
    return seen
