"""The prediction of x_0 and the draws from it: the only place of the diversity knobs."""

from dataclasses import dataclass

from torch import Tensor

from baselines.categorical import categorical, probabilities


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted distribution of x_0 at every position, sharpened as configured.

    Policies request the positions that they need: a float64 copy of all logits would not fit
    with a large vocabulary.
    """

    logits: Tensor
    """`(rows, length, vocab)`; -inf for ids that cannot occur in a text, above all the mask."""
    temperature: float = 1.0
    top_p: float = 1.0

    def draw(self, where: Tensor, u: Tensor) -> Tensor:
        """Ids `(n,)` at the n positions `where` `(rows, length)`, by uniforms `u` of that shape."""
        if self.temperature == 0 and 2 * int(where.sum()) > where.numel():
            # Most logits are needed, and copying them takes longer than skipping the others.
            return self.logits.argmax(-1)[where]
        return self._draw(self.logits[where], where, u)

    def draw_scored(self, where: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """What `draw` gives, and its log probability in nats, unsharpened, both `(n,)`."""
        logits = self.logits[where]
        drawn = self._draw(logits, where, u)
        log_p = logits.float().log_softmax(-1)
        return drawn, log_p.gather(-1, drawn[:, None]).squeeze(-1)

    def probabilities(self) -> Tensor:
        """The distribution at all positions, `(rows, length, vocab)`, float64."""
        return probabilities(self.logits, temperature=self.temperature, top_p=self.top_p)

    def probability(self, tokens: Tensor) -> Tensor:
        """The mass of `tokens` `(rows, length)` in the distribution, float64."""
        if self.temperature == 0 or self.top_p < 1:
            return self.probabilities().gather(-1, tokens[..., None]).squeeze(-1)
        scores = self.logits.double() / self.temperature
        chosen = scores.gather(-1, tokens[..., None]).squeeze(-1)
        return (chosen - scores.logsumexp(-1)).exp()

    def _draw(self, logits: Tensor, where: Tensor, u: Tensor) -> Tensor:
        return categorical(logits, u[where], temperature=self.temperature, top_p=self.top_p)
