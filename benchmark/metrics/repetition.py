"""Repetition: the share of words that a candidate has just said.

A word counts when it is among the `within` words before it. `within=1` (default) counts immediate
repeats ("the the"), the mark of parallel decoding that cannot see its neighbours. `within=all`
counts words that came anywhere before: one minus `dist_1`. An empty text repeats nothing.

Source: Ghazvininejad et al., "Mask-predict" (arXiv 1904.09324), section 5: repeated tokens, side by
side, in per cent of all; for other windows rep/l of Welleck et al., "Neural text generation with
unlikelihood training" (arXiv 1908.04319).
Deviates: both count over a corpus, this is the mean over texts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np

from benchmark.api import UserError
from benchmark.metrics.interface import Conditional, Direction, Item, Option, Scores
from benchmark.metrics.text import TOKEN_OPTIONS, Case, CasedTokenMetric, Tokens

ALL = "all"


@dataclass(frozen=True, slots=True)
class Repetition(CasedTokenMetric):
    """Repeated over total words of a candidate."""

    name = "repetition"
    title = "repeats"
    summary = "share of words that repeat one of the words just before them"
    direction: ClassVar[Direction] = "lower"
    options: ClassVar[Mapping[str, Option]] = {**TOKEN_OPTIONS, "within": Option("1")}
    facts = "tok:whitespace|empty:0|version:1"

    within: str = "1"
    """How many words before are looked at; `all` for all."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """See `Metric.make`.

        Raises:
            UserError: if `within` is neither a number nor `all`.
        """
        text = options["within"]
        if text != ALL and not (text.isdecimal() and int(text) > 0):
            raise UserError(
                f"Metric {cls.name!r}: option 'within' is {text!r}: use a number of words, at "
                f"least 1, or {ALL}."
            )
        return cls(
            cast("Case", options["case"]),
            text if text == ALL else str(int(text)),
            tokens=cast("Tokens", options["tokens"]),
        )

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        reach = math.inf if self.within == ALL else int(self.within)
        values = [
            [repeated_share(self.split(text), reach) for text in item.candidates] for item in items
        ]
        return Scores(np.array(values, dtype=np.float64), self.signature)


def repeated_share(tokens: Sequence[str], reach: float) -> float:
    """Share of `tokens` that are among the `reach` tokens before them; 0 of none."""
    last: dict[str, int] = {}
    repeated = 0
    for position, token in enumerate(tokens):
        repeated += token in last and position - last[token] <= reach
        last[token] = position
    return repeated / len(tokens) if tokens else 0.0
