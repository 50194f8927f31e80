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
    """What is learnt from."""

    unlabelled: bool = True
    """Whether sentences without a label are seen too."""

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws."""
        return "samples"


class Bayes(Yardstick):
    """Draws from p(text | wanted values, train)."""

    id: ClassVar[str] = "bayes"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=False, reads_train=True, ablations={"labels-alone": ({"unlabelled": False},)}
    )
    Decoding: ClassVar[type] = BayesDecoding

    def __init__(self, config: YardstickConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self._draws: dict[bool, Callable[[str, int], str]] = {}

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
        draw = self._learnt(decoding.unlabelled)
        seeds = iter(api.make_noise(seed, ids, num_samples).seeds)
        drawn = [[draw(source, next(seeds)) for _ in range(num_samples)] for source in sources]
        return [
            [api.Candidate(text, "ok" if text else "empty") for text in texts] for texts in drawn
        ]

    def _learnt(self, unlabelled: bool) -> Callable[[str, int], str]:
        """(source, seed) to a draw, learnt once."""
        if self.resources.informed_draw is None:
            raise api.UserError(
                "bayes needs a task whose grammar tells what labels leave possible: use control or"
                " control-correlated."
            )
        if unlabelled not in self._draws:
            train = [e for e in self.resources.train if unlabelled or e.attributes]
            self._draws[unlabelled] = self.resources.informed_draw(train)
        return self._draws[unlabelled]
