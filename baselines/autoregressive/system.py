"""Base class of the autoregressive systems: candidates from a decoder, position by position.

The loss, the likelihood and the draws are of the same conditional distributions.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from baselines.autoregressive.decoding import AutoregressiveDecoding
from baselines.autoregressive.likelihood import log_probability
from baselines.left_to_right_search import Alphabet, Stepper, beam_search, sample
from baselines.next_token_loss import next_token_loss
from baselines.texts import (
    can_be_written,
    list_likelihoods,
    never_generated,
    read_candidates,
    read_texts,
)
from benchmark import api


@dataclass(frozen=True, slots=True)
class TeacherForced:
    """Targets, each of their tokens predicted from those before it."""

    logits: Tensor
    """`(batch, length, vocab)`."""
    target: Tensor
    """With eos, padded, `(batch, length)`."""
    inside: Tensor
    """True where a target is not padding, `(batch, length)`."""


@dataclass(frozen=True, slots=True)
class ReadSources:
    """Sources that the network has read, ready to be answered."""

    stepper: Stepper
    """Fresh, with the same number of rows for every source."""
    alphabet: Alphabet
    truncated: Sequence[bool]
    """Whether each source was cut."""


class AutoregressiveSystem(api.NeuralSystem):
    """Greedy decoding, (diverse) beam search, sampling by temperature and top-p."""

    id: ClassVar[str]
    family: ClassVar[api.Family] = "autoregressive"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True, knob="temperature", likelihood="exact", length="free"
    )
    Decoding: ClassVar[type] = AutoregressiveDecoding

    @property
    def tokenizer(self) -> api.Tokenizer:
        """The tokeniser of the texts."""
        return self.resources.tokenizer

    @abstractmethod
    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """Sources and targets as `_teach` reads them."""

    @abstractmethod
    def _teach(self, batch: api.Batch) -> TeacherForced:
        """The predictions for the targets of a batch."""

    def _forbidden(self, device: torch.device) -> Tensor:
        """Ids that are never written, `(n,)`."""
        tokenizer = self.tokenizer
        ids = {*never_generated(tokenizer)}
        if tokenizer.pad_id != tokenizer.eos_id:
            ids.add(tokenizer.pad_id)
        return torch.tensor(sorted(ids), dtype=torch.int64, device=device)

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """Cross entropy in nats per target token, with label smoothing; draws no noise."""
        taught = self._teach(batch)
        return next_token_loss(
            taught.logits, taught.target, taught.inside, self.config.label_smoothing
        )

    @torch.no_grad()
    def log_likelihood(
        self,
        examples: Sequence[api.Example],
        noise: api.Noise,
        *,
        num_samples: int,
        weighting: api.Weighting = "mean",
        steps: int | None = None,
    ) -> list[api.LogLikelihood]:
        """The exact log probability of every target and its eos; draws no noise."""
        if not examples:
            return []
        self.module.eval()
        device = next(self.module.parameters()).device
        batch: dict[str, Any] = self.collate(examples)
        taught = self._teach({name: rows.to(device) for name, rows in batch.items()})
        nats = log_probability(taught.logits, taught.target, taught.inside, self._forbidden(device))
        targets, length = [e.target for e in examples], self.resources.lengths.target
        possible = can_be_written(self.tokenizer, targets, length)
        return list_likelihoods(nats, taught.inside.sum(1), possible, "exact")

    @abstractmethod
    def _read(self, sources: Sequence[str], per_source: int, max_length: int) -> ReadSources:
        """Let the network read the sources, for `per_source` rows each of `max_length` tokens."""

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: AutoregressiveDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source; a single one is decoded once and repeated.

        Raises:
            UserError: if the beam is narrower than `num_samples`, or `max_length` longer than the
                canvas.
        """
        max_length = decoding.length(self.id, self.resources.lengths.target, num_samples)
        if not sources:
            return []
        self.module.eval()
        per_source, kind = decoding.rows(num_samples), decoding.kind
        read = self._read(sources, per_source, max_length)
        device = read.alphabet.forbidden.device
        if kind == "n-best":
            diverse = decoding.method == "diverse-beam"
            hypotheses = beam_search(
                read.stepper,
                read.alphabet,
                sources=len(sources),
                beam=decoding.beam,
                max_length=max_length,
                length_penalty=decoding.length_penalty,
                device=device,
                groups=(decoding.groups or decoding.beam) if diverse else 1,
                diversity=decoding.diversity if diverse else 0.0,
                on_step=on_step,
            )
        else:
            noise = api.make_noise(seed, ids, per_source, device)
            hypotheses = sample(
                read.stepper,
                read.alphabet,
                noise.uniform((max_length,)).unflatten(0, (-1, per_source)),
                temperature=0.0 if kind == "single" else decoding.temperature,
                top_p=1.0 if kind == "single" else decoding.top_p,
                on_step=on_step,
            )
        rows, logprobs = hypotheses.tokens.flatten(0, 1), hypotheses.logprob.flatten()
        return read_candidates(
            self.tokenizer, rows.tolist(), read.truncated, num_samples, logprobs=logprobs.tolist()
        )

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: AutoregressiveDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`."""
        return read_texts(self.tokenizer, state)
