"""The judge of slots: a value is said where it stands in the text.

Both are lower-cased and compared as they stand, white space reduced. The rule is crude: people say
"family - friendly" without a "yes", and "no" stands in "not". What it makes of the human references
is the ceiling of the figures, and is printed with them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.api.control import Judgement, require_control
from benchmark.api.folding import fold
from benchmark.tasks.labelled_lines import read_labelled
from benchmark.tasks.real_text_judge import RealTextJudge


@dataclass(frozen=True)
class SlotJudge(RealTextJudge):
    """The judge of a folder; picklable, since it names its file."""

    references: Path
    """Texts by people, with the slots that they say."""

    name = "value-in-text-v1"
    language_model = None

    def judge(self, source: str, text: str) -> Judgement:
        """What `text` does with the control line `source`; all but an empty text is valid."""
        control = require_control(source, self.folder)
        wanted = {name: is_said(value, text) for name, value in control.wanted.items()}
        return Judgement(bool(text.strip()), wanted)

    def ceilings(self) -> Mapping[str, float]:
        """By slot how often people say its value."""
        return _said_by_people(self.references)

    def remarks(self) -> Sequence[str]:
        """The same in a sentence."""
        said = ", ".join(f"{name} {share:.2f}" for name, share in self.ceilings().items())
        return [
            "Judge: the value of a slot must stand in the text. The human references say it this"
            f" often, which is the ceiling of the column: {said}."
        ]


def is_said(value: str, text: str) -> bool:
    """Whether a value stands in a text, up to case and white space."""
    return _folded(value) in _folded(text)


@functools.cache
def _said_by_people(path: Path) -> dict[str, float]:
    """By slot the share of the texts of a file in which the value stands."""
    said: dict[str, list[bool]] = {}
    for line in read_labelled(path).lines:
        for text in line.texts:
            for name, value in line.attributes.items():
                said.setdefault(name, []).append(is_said(value, text))
    return {name: sum(found) / len(found) for name, found in sorted(said.items())}


def _folded(text: str) -> str:
    return " ".join(fold(text, lowercase=True).split())
