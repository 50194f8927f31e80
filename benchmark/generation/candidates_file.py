"""The candidates file of a generation: one JSON object per source."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmark.api import Candidate, Example

CANDIDATES = "candidates.jsonl"
"""Its name in the folder of an entry."""


def candidate_lines(
    examples: Sequence[Example], candidates: Sequence[Sequence[Candidate]]
) -> list[str]:
    """The lines: id, source, references and candidates of each example."""
    return [
        json.dumps(
            {
                "id": example.id,
                "source": example.source,
                "references": list(example.references),
                "candidates": [_plain(candidate) for candidate in of_source],
            },
            ensure_ascii=False,
        )
        + "\n"
        for example, of_source in zip(examples, candidates, strict=True)
    ]


def _plain(candidate: Candidate) -> dict[str, object]:
    """Log-probabilities are rounded to digits that do not depend on the batch size."""
    logprob = None if candidate.logprob is None else round(candidate.logprob, 3)
    return {"text": candidate.text, "status": candidate.status, "logprob": logprob}
