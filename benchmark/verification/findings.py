"""What a verification found: a verdict for each trial record or file, and the first difference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal, get_args

Verdict = Literal["equal", "within bounds", "differs", "cannot be checked"]

_MAX_SHOWN = 160
"""Characters of a value that a line shows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the record and its reproduction do not agree."""

    part: str
    where: str
    stored: Any
    fresh: Any

    def sentence(self) -> str:
        """For people."""
        place = f"{self.part}, {self.where}" if self.where else self.part
        return f"{place}: {_shorten(self.stored)} in the record, {_shorten(self.fresh)} now"


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one trial record or file."""

    subject: Mapping[str, Any]
    """What names it: task, system, seed and setting; or file."""
    verdict: Verdict
    remarks: tuple[str, ...] = ()
    """Reasons, bounds that were used, and what could not be compared."""
    differences: tuple[Difference, ...] = ()
    """The first of each part."""

    def sentences(self) -> list[str]:
        """The differences, then the remarks."""
        return [*(difference.sentence() for difference in self.differences), *self.remarks]


@dataclass(frozen=True)
class Verification:
    """All that was found, and how it was looked for."""

    report: str
    method: str
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0 where all is equal or within bounds, else 1: what was not compared is not shown."""
        good = {"equal", "within bounds"}
        verdicts = {finding.verdict for finding in self.findings}
        return 0 if verdicts and verdicts <= good else 1

    def counts(self) -> dict[str, int]:
        """How often each verdict was given."""
        found = Counter(finding.verdict for finding in self.findings)
        return {verdict: found[verdict] for verdict in get_args(Verdict)}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"counts": self.counts()}

    def lines(self) -> Iterator[str]:
        """The result as text: neighbours that differ in their setting alone share a line."""
        yield f"{self.report}: {self.method}"
        yield from self.notes
        yield ""
        rows = [(_title(group), group) for group in _groups(self.findings)]
        width = max((len(title) for title, _ in rows), default=0)
        for title, group in rows:
            verdict = group[0].verdict
            # Remarks on equal records are counted below: many have the same.
            sentences = (text for finding in group for text in finding.sentences())
            first, *further = ([] if verdict == "equal" else list(dict.fromkeys(sentences))) or [""]
            count = f" ({len(group)})" if len(group) > 1 else ""
            yield f"{title:{width}}  {verdict + count:17}  {first}".rstrip()
            yield from (f"{'':{width}}  {'':17}  {text}" for text in further)
        yield ""
        notes = Counter(t for f in self.findings if f.verdict == "equal" for t in f.remarks)
        yield from (f"note ({count} equal): {text}" for text, count in notes.items())
        counts = ", ".join(f"{count} {name}" for name, count in self.counts().items() if count)
        yield counts or "Nothing was compared: the report or the selection is empty."


def _groups(findings: tuple[Finding, ...]) -> Iterator[list[Finding]]:
    """Neighbours of one trial, or files, with one verdict; one with differences stands alone."""

    def key(pair: tuple[int, Finding]) -> tuple[object, ...]:
        number, finding = pair
        alone = number if finding.verdict in ("within bounds", "differs") else -1
        names = [v for name, v in finding.subject.items() if name not in ("setting", "file")]
        return (*names, finding.verdict, alone)

    for _, group in groupby(enumerate(findings), key):
        yield [finding for _, finding in group]


def _title(group: list[Finding]) -> str:
    subject = dict(group[0].subject)
    if len(group) > 1:
        if "file" in subject:
            return "files"
        del subject["setting"]
    return " / ".join(f"seed {v}" if name == "seed" else str(v) for name, v in subject.items())


def _shorten(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
