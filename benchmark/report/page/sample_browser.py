"""What the sample browser of the page reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmark.report.data.samples import SampleBlock, Text


def gather_sample_data(
    title: str, quality: str, blocks: Sequence[SampleBlock], *, known: bool, asked: bool = False
) -> Mapping[str, Any]:
    """The samples of a task for the browser; equal texts are stored once.

    `sources` holds [id, source, references, answers], an answer [number of the system,
    candidates], and a candidate [number of the text, count, quality, valid, chosen, status]. Where
    attributes are asked for (`asked`), a source ends with these, as [name, value], and a candidate
    with a remark.
    """
    systems = {a.system: {"name": a.system, "kind": a.kind, "setting": a.setting}
               for block in blocks for a in block.answers}  # fmt: skip
    numbers = {system: number for number, system in enumerate(systems)}
    texts: dict[str, int] = {}
    sources = [
        [
            block.id,
            block.source,
            block.references,
            [[numbers[a.system], list(_candidates(a.texts, texts, asked))] for a in block.answers],
            *([list(block.wanted.items())] if asked else []),
        ]
        for block in blocks
    ]
    return {
        "title": title,
        "quality": quality,
        "known": known,
        **({"asked": True} if asked else {}),
        "systems": list(systems.values()),
        "texts": list(texts),
        "sources": sources,
    }


def _candidates(
    candidates: Iterable[Text], texts: dict[str, int], asked: bool
) -> Iterator[list[Any]]:
    for candidate in candidates:
        quality = None if candidate.quality is None else round(candidate.quality, 3)
        valid = None if candidate.valid is None else int(candidate.valid)
        status = "" if candidate.status in ("ok", "empty") else candidate.status
        number = texts.setdefault(candidate.text, len(texts))
        remark = [candidate.remark] if asked else []
        yield [number, candidate.count, quality, valid, int(candidate.chosen), status, *remark]
