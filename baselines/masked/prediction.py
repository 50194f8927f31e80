"""The prediction of x_0 and the draws from it: the only place of the diversity knobs."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from baselines.categorical import categorical, probabilities

Take = Callable[[Tensor, slice], tuple[Tensor, ...]]
"""What is kept of the logits `(m, vocab)` of the positions `slice` of those that are read: `(m,)`
each."""

Read = Callable[[Tensor, Take], tuple[Tensor, ...]]
"""Calls the network and reads its logits at the positions `where` `(rows, length)` alone, some at a
time; what is kept of them, `(n,)` each. To be called once."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted distribution of x_0 at every position, sharpened as configured.

    Policies request the positions that they need: a float64 copy of all logits would not fit
    with a large vocabulary.
    """

    logits: Tensor | Read
    """`(rows, length, vocab)`, or what reads them; -inf for ids that cannot occur in a text, above
    all the mask."""
    temperature: float = 1.0
    top_p: float = 1.0

    def draw(self, where: Tensor, u: Tensor) -> Tensor:
        """Ids `(n,)` at the n positions `where` `(rows, length)`, by uniforms `u` of that shape."""
        chosen = u[where]

        def take(logits: Tensor, part: slice) -> tuple[Tensor, ...]:
            return (self._draw(logits, chosen[part]),)

        return self._read(where, take)[0]

    def draw_scored(self, where: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """What `draw` gives, and its log probability in nats, unsharpened, both `(n,)`."""
        chosen = u[where]

        def take(logits: Tensor, part: slice) -> tuple[Tensor, ...]:
            drawn = self._draw(logits, chosen[part])
            log_p = logits.float().log_softmax(-1)
            return drawn, log_p.gather(-1, drawn[:, None]).squeeze(-1)

        drawn, log_p = self._read(where, take)
        return drawn, log_p

    def probabilities(self) -> Tensor:
        """The distribution at all positions, `(rows, length, vocab)`, float64."""
        return probabilities(self._everywhere, temperature=self.temperature, top_p=self.top_p)

    def probability(self, tokens: Tensor) -> Tensor:
        """The mass of `tokens` `(rows, length)` in the distribution, float64."""
        if self.temperature == 0 or self.top_p < 1:
            return self.probabilities().gather(-1, tokens[..., None]).squeeze(-1)
        scores = self._everywhere.double() / self.temperature
        chosen = scores.gather(-1, tokens[..., None]).squeeze(-1)
        return (chosen - scores.logsumexp(-1)).exp()

    @property
    def _everywhere(self) -> Tensor:
        if not isinstance(self.logits, Tensor):
            raise TypeError("this prediction is read where tokens are drawn, and not everywhere")
        return self.logits

    def _read(self, where: Tensor, take: Take) -> tuple[Tensor, ...]:
        if isinstance(self.logits, Tensor):
            return take(self.logits[where], slice(None))
        return self.logits(where, take)

    def _draw(self, logits: Tensor, u: Tensor) -> Tensor:
        return categorical(logits, u, temperature=self.temperature, top_p=self.top_p)
