"""The ceiling at a number of labels: the yardstick `bayes`.

It knows the patterns of a grammar and how likely each word is, learns which words express which
value from the sentences that a system may see, and answers with draws of what these leave possible.
So it is what any system could make of the labels that answers as sentences are distributed;
`oracle` knows all values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from baselines.yardsticks import CopyDecoding, Yardstick, YardstickConfig
from benchmark import api


@dataclass(frozen=True)
class BayesDecoding(CopyDecoding):
    """Draws; the label budget decides what they are learnt from."""

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws."""
        return "samples"


class Bayes(Yardstick):
    """Draws from p(text | wanted values, train)."""

    id: ClassVar[str] = "bayes"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(trainable=False, reads_train=True)
    Decoding: ClassVar[type] = BayesDecoding

    def __init__(self, config: YardstickConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self._draw: Callable[[str, int], str] | None = None

    def generate(
        self,
        sources: Sequence[str],
        decoding: BayesDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """Independent draws; empty where no label leaves the wanted values possible.

        Raises:
            UserError: if the task does not know what its labels leave possible.
        """
        draw = self._learnt()
        seeds = iter(api.make_noise(seed, ids, num_samples).seeds)
        drawn = [[draw(source, next(seeds)) for _ in range(num_samples)] for source in sources]
        return [
            [api.Candidate(text, "ok" if text else "empty") for text in texts] for texts in drawn
        ]

    def _learnt(self) -> Callable[[str, int], str]:
        """(source, seed) to a draw, learnt once."""
        if self.resources.informed_draw is None:
            raise api.UserError(
                "bayes needs a task whose grammar tells what labels leave possible: use control or"
                " control-correlated."
            )
        if self._draw is None:
            self._draw = self.resources.informed_draw(self.resources.train)
        return self._draw
