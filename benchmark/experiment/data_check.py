"""A look at the data of a task before anything runs: counts, lengths, leaks, cut shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.api import Example
from benchmark.api.token_unit import unit_of
from benchmark.experiment.canvas import describe_canvas
from benchmark.experiment.recipes import TaskRecipe
from benchmark.metrics import detect_script
from benchmark.tasks import SPLITS, Task
from benchmark.tasks.data_notes import CanvasNotes


@dataclass(frozen=True)
class DataCheck:
    """What was found."""

    task: Task
    canvas: CanvasNotes | None
    """None without a train split, from which the tokeniser learns."""
    lengths: dict[str, dict[str, tuple[int, int, int]]]
    """By split and side: median, 99th percentile and longest, in `unit`."""
    unit: str

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain JSON types."""
        notes = self.task.notes.as_dict()
        lengths = {
            split: {side: list(of) for side, of in sides.items()}
            for split, sides in self.lengths.items()
        }
        return {
            "task": self.task.id,
            "digest": self.task.digest,
            "counts": {split: len(getattr(self.task, split)) for split in SPLITS},
            "lengths": lengths,
            "unit": self.unit,
            "notes": notes,
            "sentences": [*self._sentences(), *self.task.notes.reading()],
        }

    def lines(self) -> Iterator[str]:
        """The findings for a terminal, without what was read of the files."""
        yield f"{self.task.id}: digest {self.task.digest[:16]}"
        yield f"{'':8}{'pairs':>10}{'references':>12}   {self.unit}: median, 99 %, longest"
        for split in SPLITS:
            examples: Sequence[Example] = getattr(self.task, split)
            if not examples:
                continue
            references = sum(len(example.references) for example in examples)
            sides = "; ".join(
                f"{side} {', '.join(map(str, of))}" for side, of in self.lengths[split].items()
            )
            yield f"{split:8}{len(examples):>10,}{references:>12,}   {sides}"
        if self.canvas is not None:
            yield (
                f"canvas: source {self.canvas.source}, target {self.canvas.target} tokens with"
                " their marks"
            )
            for name, cut in self.canvas.cut.items():
                yield (
                    f"{name:8}cut: {cut.sources / cut.of:.2%} of the sources,"
                    f" {cut.targets / cut.of:.2%} of the targets"
                )
        yield from self._sentences()

    def _sentences(self) -> Iterator[str]:
        yield from self.task.notes.findings()
        if self.canvas is not None:
            yield from self.canvas.sentences()


def check_data(task: Task, recipe: TaskRecipe) -> DataCheck:
    """Look at a task as the recipe of a suite would use it.

    Raises:
        UserError: if the tokeniser of the recipe cannot be made.
    """
    unit = recipe.tokens or task.tokens
    if unit is None:
        script = detect_script(text for example in task.test for text in example.references)
        unit = unit_of(script)
    by_word = unit == "words"
    lengths: dict[str, dict[str, tuple[int, int, int]]] = {}
    for split in SPLITS:
        examples: Sequence[Example] = getattr(task, split)
        if examples:
            lengths[split] = {
                "source": _describe([example.source for example in examples], by_word),
                "target": _describe([example.target for example in examples], by_word),
            }
    canvas = describe_canvas(recipe, task) if task.train else None
    return DataCheck(task, canvas, lengths, "words" if by_word else "characters")


def _describe(texts: Sequence[str], by_word: bool) -> tuple[int, int, int]:
    counts = np.array([len(text.split()) if by_word else len(text) for text in texts])
    middle, most = np.quantile(counts, [0.5, 0.99], method="higher")
    return int(middle), int(most), int(counts.max())
