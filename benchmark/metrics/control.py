"""Share of candidates that do what their control line asks for.

A candidate succeeds when it is a sentence and has the wanted value of every attribute that the
control line names, or of one attribute alone (`control:attribute=tense`). Read it beside
`sentence` and `control_if_sentence`: a guide that breaks sentences must not look like one that
misses its aim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from benchmark.api import Judgement
from benchmark.metrics.interface import Item, Option, Scores
from benchmark.metrics.judged import JudgedMetric


@dataclass(frozen=True, slots=True)
class Control(JudgedMetric):
    """1 where a candidate is a sentence with all wanted values."""

    name = "control"
    title = "control"
    summary = "share of candidates with the wanted attributes"
    options: ClassVar[Mapping[str, Option]] = {"attribute": Option("all")}
    facts = "judge:task|version:1"

    attribute: str = "all"

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)`, 0 or 1; NaN where the control line does not name the attribute."""
        scores = self.score_each(items, self._read)
        # What the judge makes of texts that are right belongs to the figures.
        named = [
            f"{name}={share:.3f}"
            for name, share in self.judge.ceilings().items()
            if self.attribute in ("all", name)
        ]
        ceiling = f"|ceiling:{','.join(named)}" if named else ""
        return replace(scores, signature=f"{scores.signature}{ceiling}")

    def _read(self, judgement: Judgement) -> float | None:
        if self.attribute == "all":
            return judgement.success
        return judgement.wanted.get(self.attribute)
