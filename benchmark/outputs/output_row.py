"""A row: what an output file contains for one source."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.api import Candidate


@dataclass(frozen=True, slots=True)
class OutputRow:
    """The candidates for one source; what the file does not give is None.

    `number` is the index of the source in the split, from 0, if the format has it; `where` names
    file and line; `ignored` are the fields that were not read.
    """

    where: str
    candidates: tuple[Candidate, ...]
    id: str | None = None
    source: str | None = None
    references: tuple[str, ...] | None = None
    number: int | None = None
    ignored: tuple[str, ...] = ()


def candidate(text: str) -> Candidate:
    """A text as a candidate."""
    return Candidate(text, "ok" if text.strip() else "empty")
