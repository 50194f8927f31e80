"""What raters are asked: the questions of the field for each family of tasks.

Sources:
    adequacy and fluency on five points: LDC, "Linguistic data annotation specification" (2005), as
    in WMT; meaning, fluency and simplicity: Alva-Manchego et al., "ASSET" (ACL 2020); style,
    content and fluency: Mir et al., "Evaluating style transfer for text" (NAACL 2019); comparison
    of two texts with ties: Callison-Burch et al., "(Meta-) evaluation of machine translation"
    (WMT 2007).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmark.api import UserError

Design = Literal["pairs", "ratings"]

SCALE = 5
"""Points of a rating: 1 is the worst."""

COLUMNS = ("sheet", "rater", "item", "source", "text", "text_a", "text_b")
"""Columns of a sheet that are no questions."""

CHOICES: Mapping[str, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}
"""Answers to a question on two texts, and what the first of them gets."""


class Question(BaseModel):
    """A question that is asked of every item; `low` and `high` name the ends of the scale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str
    low: str = "worst"
    high: str = "best"


def _ask(name: str, text: str, low: str = "not at all", high: str = "entirely") -> Question:
    return Question(id=name, text=text, low=low, high=high)


_FLUENCY = _ask("fluency", "Is the text grammatical and natural?", "incomprehensible", "flawless")

_RATINGS: Mapping[str, tuple[Question, ...]] = {
    "paraphrase": (
        _ask("adequacy", "Does the text mean the same as the source?"),
        _FLUENCY,
        _ask("difference", "Is the text worded differently from the source?"),
    ),
    "question generation": (
        _ask("answerability", "Is the text a question that the source answers?"),
        _FLUENCY,
    ),
    "simplification": (
        _ask("adequacy", "Does the text keep the meaning of the source?"),
        _FLUENCY,
        _ask("simplicity", "Is the text simpler than the source?"),
    ),
    "dialogue": (
        _ask("relevance", "Does the text make sense as a reply to the source?"),
        _FLUENCY,
        _ask("informativeness", "Does the text say something specific to the source?"),
    ),
    "control": (
        _ask("control", "Does the text have all that the source asks for?"),
        _FLUENCY,
    ),
    "editing": (
        _ask("control", "Does the text have all that the source asks for?"),
        _ask("content", "Apart from that, does it keep the content of the text in the source?"),
        _FLUENCY,
    ),
}  # fmt: skip

_PAIRS: Mapping[str, str] = {
    "paraphrase": "Which text says the same as the source better, in other words?",
    "question generation": "Which text is the better question that the source answers?",
    "simplification": "Which text is the better simplification of the source?",
    "dialogue": "Which text is the better reply to the source?",
    "control": "Which text does better what the source asks for?",
    "editing": "Which text does better what the source asks for, and keeps the rest?",
}

_ADEQUACY = _ask("adequacy", "Is the text a good answer to the source?")


def usual_questions(family: str, design: Design) -> tuple[Question, ...]:
    """The questions of the field for a family of tasks; general ones for any other family."""
    if design == "pairs":
        return (Question(id="better", text=_PAIRS.get(family, "Which text is the better answer?")),)
    return _RATINGS.get(family, (_ADEQUACY, _FLUENCY))


def parse_questions(given: Sequence[str]) -> tuple[Question, ...]:
    """Questions in the form `NAME=TEXT`.

    Raises:
        UserError: if one has another form, a name twice, or the name of another column.
    """
    found: dict[str, Question] = {}
    for words in given:
        name, _, text = (part.strip() for part in words.partition("="))
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name) or not text.isprintable() or not text:
            raise UserError(
                f"--questions {words!r}: write NAME=TEXT, the name of small letters, as in"
                " 'adequacy=Does it mean the same?'."
            )
        if name in found or name in COLUMNS:
            raise UserError(f"--questions {words!r}: the name {name} is taken; choose another.")
        found[name] = Question(id=name, text=text)
    return tuple(found.values())
