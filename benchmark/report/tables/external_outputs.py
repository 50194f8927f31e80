"""Rows whose outputs were made elsewhere and entered by `benchmark.score`, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmark.report.data.points import Point

MATCHED: Mapping[str, str] = {
    "id": "matched by id",
    "number": "matched by number",
    "source": "matched by the text of the source",
    "order": "matched by order",
    "file": "sources and references of the file",
}
"""How each way of matching outputs with sources is described."""


def describe_outputs(points: Iterable[Point]) -> str:
    """Which systems were not run here, and how their outputs were matched; empty if all were."""
    told = {
        point.system: _describe_matching(outputs)
        for point in points
        if not point.yardstick
        and (outputs := next((c.outputs for c in point.trials if c.outputs), None))
    }
    if not told:
        return ""
    named = "; ".join(f"{system} ({facts})" for system, facts in told.items())
    return f"Not run here, scored from outputs, cost unknown: {named}."


def list_notes(points: Iterable[Point]) -> Iterator[str]:
    """What was noticed about outputs that were made elsewhere, a sentence for each system."""
    for point in points:
        notes = dict.fromkeys(
            str(note)
            for trial in point.trials
            if not point.yardstick and trial.outputs
            for note in trial.outputs.get("notes") or ()
        )
        if notes:
            yield f"Noticed in the outputs of {point.system}: {' '.join(notes)}"


def _describe_matching(outputs: Mapping[str, Any]) -> str:
    sources, split = outputs.get("sources"), outputs.get("split")
    is_part = None not in (sources, split) and sources != split
    part = f", {sources:,} of {split:,} sources" if is_part else ""
    return MATCHED.get(outputs.get("matched", ""), "matched") + part
