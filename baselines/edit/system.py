"""The Levenshtein Transformer, which writes by deleting and inserting: system `levenshtein`.

Source: Gu, Wang and Zhao, arXiv 1905.11006, section 3.
Deviates: see `docs/systems/levenshtein.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.edit.decoder import EditDecoder, Head
from baselines.edit.decoding import LevenshteinDecoding, refine
from baselines.edit.objective import Prediction, Uniforms, Vocabulary, dual_policy_losses
from baselines.edit.operations import State, empty_state
from baselines.encoder_decoder import Encoder, EncoderDecoder, EncoderDecoderConfig
from baselines.stratified_uniforms import stratified
from baselines.texts import encode_sources, never_generated, read_candidates, read_texts
from benchmark import api


@dataclass(frozen=True)
class LevenshteinConfig(EncoderDecoderConfig):
    """The network and its objective."""

    max_insertions: api.Count = 255
    """K_max, placeholders that one slot may receive at once; also limited by the canvas."""
    beta: api.Share = 0.0
    """Share of insertion roll-ins made from the model's own texts by the expert's deletions."""
    deletion_roll_in: Prediction = "argmax"
    """How texts are filled for the deletion policy to learn from: "argmax" or "sample"."""
    label_smoothing: api.Share = 0.0
    """Of the token head, as a share of the mass (the paper: 0.1)."""
    roll_ins: api.Count = 1
    """Corrupted versions of each target in a batch; they share the encoded source."""
    stratified_shares: bool = True
    """Whether the remaining shares of the targets of a batch are stratified."""


class LevenshteinSystem(api.NeuralSystem):
    """Levenshtein Transformer, trained by dual policy learning, greedy or sampled."""

    id: ClassVar[str] = "levenshtein"
    family: ClassVar[api.Family] = "edit"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True, knob="temperature", nfe_knob="max_iter", length="free"
    )
    Config: ClassVar[type] = LevenshteinConfig
    Decoding: ClassVar[type] = LevenshteinDecoding

    config: LevenshteinConfig
    module: EncoderDecoder
    network: EditDecoder

    def __init__(self, config: LevenshteinConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        # The target canvas counts the end mark; the edit operations need the opening one too.
        self.width = resources.lengths.target + 1
        self.max_insertions = min(config.max_insertions, max(1, self.width - 2))
        # Each head of a round is one call; the encoder runs once and does not count.
        self.network = EditDecoder(
            config, resources.tokenizer.vocab_size, self.width, max_insertions=self.max_insertions
        )
        self.module = EncoderDecoder(Encoder(config, resources.lengths.source), self.network)

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)`; `target` `(batch, width)` between marks, and its `length`.

        A target that is cut has no closing mark: the token that would stand there is its end, and
        like a mark it is never deleted nor written.
        """
        tokenizer = self.resources.tokenizer
        sources = encode_sources(
            tokenizer, [e.source for e in examples], self.resources.lengths.source
        )
        ids = [tokenizer.encode(e.target) for e in examples]
        rows = [[tokenizer.bos_id, *row, tokenizer.eos_id] for row in ids]
        texts = [row[: self.width] for row in rows]
        padded = [row + [tokenizer.pad_id] * (self.width - len(row)) for row in texts]
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": torch.tensor(padded, dtype=torch.int64),
            "length": torch.tensor([len(row) for row in texts]),
        }

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """The sum of the mean losses of the heads, each in nats per operation."""
        config, repeats = self.config, self.config.roll_ins
        tokenizer = self.resources.tokenizer
        lengths: Tensor = batch["length"].repeat_interleave(repeats)
        target = State(batch["target"].repeat_interleave(repeats, dim=0), lengths)
        memory = self.module.encode(batch["source"], tokenizer.pad_id)
        losses = dual_policy_losses(
            lambda state, head: self.network(state.tokens, state.inside, memory, head),
            target,
            self._uniforms(noise),
            self._vocabulary(lengths.device),
            beta=config.beta,
            prediction=config.deletion_roll_in,
            max_insertions=self.max_insertions,
            label_smoothing=config.label_smoothing,
        )
        return api.LossTerms(
            torch.stack(tuple(losses.values())).sum(),
            {head: loss.detach() for head, loss in losses.items()},
            int((batch["length"] - 1).sum()),
        )

    def _uniforms(self, noise: api.Noise) -> Uniforms:
        repeats = self.config.roll_ins

        def by_row(stream: str) -> Tensor:
            return noise.uniform((repeats,), stream=stream).flatten()

        def by_position(stream: str) -> Tensor:
            # (batch, width, repeats), then repeats become rows.
            u = noise.uniform((self.width, repeats), stream=stream)
            return u.transpose(1, 2).flatten(0, 1)

        share = by_row("share")
        if self.config.stratified_shares:
            share = stratified(share)
        return Uniforms(share, by_position("order"), by_row("mixture"), by_position("token"))

    def _vocabulary(self, device: torch.device) -> Vocabulary:
        tokenizer = self.resources.tokenizer
        forbidden = [*never_generated(tokenizer), tokenizer.eos_id, tokenizer.pad_id]
        return Vocabulary(
            tokenizer.mask_id, tokenizer.pad_id, torch.tensor(forbidden, device=device)
        )

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: LevenshteinDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source; a single one is decoded once and repeated."""
        if not sources:
            return []
        tokenizer = self.resources.tokenizer
        memory, truncated = self.module.encode_texts(
            tokenizer, sources, self.resources.lengths.source
        )
        device = memory.mask.device
        per_source = 1 if decoding.kind == "single" else num_samples
        marks = (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)
        everyone = len(sources)

        def network(chosen: Tensor, state: State, head: Head) -> Tensor:
            few = memory if chosen.numel() == everyone else memory.select(chosen)
            logits: Tensor = self.network(state.tokens, state.inside, few, head)
            return logits

        final = refine(
            network,
            empty_state(everyone * per_source, self.width, marks, device),
            api.make_noise(seed, ids, per_source, device),
            decoding,
            self._vocabulary(device),
            per_source=per_source,
            on_step=on_step,
        )
        texts = [
            row[1 : length - 1]
            for row, length in zip(final.tokens.tolist(), final.lengths.tolist(), strict=True)
        ]
        return read_candidates(tokenizer, texts, truncated, num_samples, finished=True)

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: LevenshteinDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`."""
        return read_texts(self.resources.tokenizer, state)
