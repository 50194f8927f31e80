"""What the denoiser says of x_0, and the draws from it: the one place of the diversity knobs."""

from dataclasses import dataclass

from torch import Tensor

from baselines.categorical import categorical, probabilities


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted distribution of x_0 at every position, sharpened as the user asks.

    Policies ask for the positions that they need: a float64 copy of all logits would not fit
    with a large vocabulary.
    """

    logits: Tensor
    """`(rows, length, vocab)`; -inf for ids that no text holds, the mask above all."""
    temperature: float = 1.0
    top_p: float = 1.0

    def draw(self, where: Tensor, u: Tensor) -> Tensor:
        """Ids `(n,)` at the n positions `where` `(rows, length)`, by uniforms `u` of that shape."""
        return categorical(
            self.logits[where], u[where], temperature=self.temperature, top_p=self.top_p
        )

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

    def log_probability(self, tokens: Tensor) -> Tensor:
        """What the denoiser itself gives to `tokens` `(rows, length)`, nats, unsharpened."""
        log_p = self.logits.float().log_softmax(-1)
        return log_p.gather(-1, tokens[..., None]).squeeze(-1)
