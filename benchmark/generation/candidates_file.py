"""The candidates file of a generation: one JSON object per source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.api import Candidate, Example, read_control
from benchmark.store.files import json_line

CANDIDATES = "candidates.jsonl"
"""Its name in the folder of an entry."""


def candidate_lines(
    examples: Sequence[Example], candidates: Sequence[Sequence[Candidate]]
) -> list[str]:
    """The lines of the file."""
    return [json_line(row) for row in candidate_rows(examples, candidates)]


def candidate_rows(
    examples: Sequence[Example], candidates: Sequence[Sequence[Candidate]]
) -> list[dict[str, Any]]:
    """Id, source, references and candidates of each example; of an edit the text as well."""
    return [
        {
            "id": example.id,
            "source": example.source,
            **_content(example),
            "references": list(example.references),
            "candidates": [_plain(candidate) for candidate in of_source],
        }
        for example, of_source in zip(examples, candidates, strict=True)
    ]


def _content(example: Example) -> dict[str, str]:
    """The text inside a control line, which metrics compare candidates with."""
    control = read_control(example.source) if example.attributes else None
    return {} if control is None else {"content": control.text or ""}


def _plain(candidate: Candidate) -> dict[str, object]:
    """Log-probabilities are rounded to digits that do not depend on the batch size."""
    logprob = None if candidate.logprob is None else round(candidate.logprob, 3)
    return {"text": candidate.text, "status": candidate.status, "logprob": logprob}
