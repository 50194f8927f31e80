"""Which examples an update is trained on: a function of the seed and the update's number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmark.api import Example


class Batches:
    """A window over an endless sequence of epochs, each shuffled by its number."""

    def __init__(
        self, examples: Sequence[Example], *, batch: int, seed: int, by_length: bool = False
    ) -> None:
        self.examples, self.batch, self.seed, self.by_length = examples, batch, seed, by_length
        self._epoch = -1
        self._permutation: np.ndarray[Any, np.dtype[np.int64]] = np.empty(0, np.int64)

    def of(self, update: int) -> tuple[list[Example], list[str]]:
        """The examples of an update in micro-batch order, and the keys of their noise.

        Noise goes with its example, so that the sum over the batch is the same in any order.
        """
        examples = self._window(update)
        order = list(range(len(examples)))
        if self.by_length:
            order.sort(key=lambda row: (len(examples[row].source), len(examples[row].target)))
        return [examples[row] for row in order], [f"update {update} row {row}" for row in order]

    def _window(self, update: int) -> list[Example]:
        chosen: list[Example] = []
        position = update * self.batch
        while len(chosen) < self.batch:
            epoch, offset = divmod(position, len(self.examples))
            taken = self._order(epoch)[offset : offset + self.batch - len(chosen)]
            chosen.extend(self.examples[i] for i in taken)
            position += len(taken)
        return chosen

    def _order(self, epoch: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        if self._epoch != epoch:
            self._epoch = epoch
            random = np.random.default_rng([self.seed, epoch])
            self._permutation = random.permutation(len(self.examples))
        return self._permutation
