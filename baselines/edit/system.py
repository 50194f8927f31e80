"""The Levenshtein Transformer, which writes by deleting and inserting: system `levenshtein`.

Source: Gu, Wang and Zhao, arXiv 1905.11006.
Deviates: see `docs/systems/levenshtein.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.attention import BlockShape, Norm
from baselines.edit.decoder import EditDecoder, Head
from baselines.edit.decoding import LevenshteinDecoding, refine
from baselines.edit.objective import Prediction, Uniforms, Vocabulary, dual_policy_losses
from baselines.edit.operations import State, empty_state
from baselines.embedding import Positions
from baselines.encoder_decoder import Encoder, EncoderDecoder
from baselines.stratification import stratified
from baselines.texts import encode_sources, never_generated, read_candidate, read_texts
from benchmark.api import (
    Batch,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    NeuralSystem,
    Noise,
    OnStep,
    Resources,
    UserError,
    make_noise,
)


@dataclass(frozen=True)
class LevenshteinConfig:
    """The network and its objective."""

    dim: int = 128
    heads: int = 4
    ffn: int = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.1
    norm: Norm = "pre"
    positions: Positions = "learned"
    max_insertions: int = 255
    """K_max, placeholders that one slot may receive at once; the canvas bounds it too."""
    beta: float = 0.0
    """Share of insertion roll-ins that are what the expert leaves of the model's own text."""
    deletion_roll_in: Prediction = "argmax"
    """How texts are filled for the deletion policy to learn from: "argmax" or "sample"."""
    label_smoothing: float = 0.0
    """Of the token head, as a share of the mass (the paper: 0.1)."""
    roll_ins: int = 1
    """Corrupted versions of each target in a batch; they share the encoded source."""
    stratified_shares: bool = True
    """Whether the shares that remain of the targets of a batch are spread evenly."""

    def __post_init__(self) -> None:
        for name in ("max_insertions", "roll_ins"):
            if getattr(self, name) < 1:
                raise UserError(f"levenshtein: {name} {getattr(self, name)}: use 1 or more.")
        for name in ("beta", "label_smoothing"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(
                    f"levenshtein: {name} {getattr(self, name)} is no share: use 0 to 1."
                )
        if self.deletion_roll_in not in ("argmax", "sample"):
            raise UserError(
                f"levenshtein: deletion_roll_in {self.deletion_roll_in!r} is unknown:"
                " use argmax or sample."
            )


class LevenshteinSystem(NeuralSystem):
    """Levenshtein Transformer, trained by dual policy learning, greedy or sampled."""

    id: ClassVar[str] = "levenshtein"
    family: ClassVar[Family] = "edit"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", nfe_knob="max_iter", length="free"
    )
    Config: ClassVar[type] = LevenshteinConfig
    Decoding: ClassVar[type] = LevenshteinDecoding

    config: LevenshteinConfig

    def __init__(self, config: LevenshteinConfig, resources: Resources) -> None:
        super().__init__(config, resources)
        # The target canvas counts the end mark; the edit operations need the opening one too.
        self.width = resources.lengths.target + 1
        self.max_insertions = min(config.max_insertions, max(1, self.width - 2))
        shape = BlockShape(config.dim, config.heads, config.ffn, config.dropout, config.norm)
        self._decoder = EditDecoder(
            resources.tokenizer.vocab_size,
            config.decoder_layers,
            shape,
            length=self.width,
            positions=config.positions,
            max_insertions=self.max_insertions,
        )
        self._model = EncoderDecoder(
            Encoder(
                config.encoder_layers,
                shape,
                length=resources.lengths.source,
                positions=config.positions,
            ),
            self._decoder,
        )
        self.module = self._model
        # Each head of a round is one call; the encoder runs once and does not count.
        self.network = self._decoder

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`source` `(batch, S)`; `target` `(batch, width)` between marks, `length`, `whole`."""
        tokenizer = self.resources.tokenizer
        sources = encode_sources(
            tokenizer, [e.source for e in examples], self.resources.lengths.source
        )
        ids = [tokenizer.encode(e.target) for e in examples]
        texts = [[tokenizer.bos_id, *row[: self.width - 2], tokenizer.eos_id] for row in ids]
        padded = [row + [tokenizer.pad_id] * (self.width - len(row)) for row in texts]
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": torch.tensor(padded, dtype=torch.int64),
            "length": torch.tensor([len(row) for row in texts]),
            "whole": torch.tensor([len(row) <= self.width - 2 for row in ids]),
        }

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The sum of the mean losses of the heads, each in nats an operation."""
        config, repeats = self.config, self.config.roll_ins
        tokenizer = self.resources.tokenizer
        lengths: Tensor = batch["length"].repeat_interleave(repeats)
        target = State(batch["target"].repeat_interleave(repeats, dim=0), lengths)
        memory = self._model.encode(batch["source"], tokenizer.pad_id)
        losses = dual_policy_losses(
            lambda state, head: self._decoder(state.tokens, state.inside, memory, head),
            target,
            batch["whole"].repeat_interleave(repeats),
            self._uniforms(noise),
            self._vocabulary(lengths.device),
            beta=config.beta,
            prediction=config.deletion_roll_in,
            max_insertions=self.max_insertions,
            label_smoothing=config.label_smoothing,
        )
        return LossTerms(
            torch.stack(tuple(losses.values())).sum(),
            {head: loss.detach() for head, loss in losses.items()},
            int((batch["length"] - 1).sum()),
        )

    def _uniforms(self, noise: Noise) -> Uniforms:
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
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates a source; a single one is decoded once and repeated."""
        if not sources:
            return []
        tokenizer = self.resources.tokenizer
        encoded = encode_sources(tokenizer, sources, self.resources.lengths.source)
        self._model.eval()
        device = next(self._model.parameters()).device
        memory = self._model.encode(encoded.padded(tokenizer.pad_id).to(device), tokenizer.pad_id)
        per_source = 1 if decoding.kind == "single" else num_samples
        marks = (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)
        everyone = len(sources)

        def network(chosen: Tensor, state: State, head: Head) -> Tensor:
            few = memory if chosen.numel() == everyone else memory.select(chosen)
            logits: Tensor = self._decoder(state.tokens, state.inside, few, head)
            return logits

        final = refine(
            network,
            empty_state(everyone * per_source, self.width, marks, device),
            make_noise(seed, ids, per_source, device),
            decoding,
            self._vocabulary(device),
            per_source=per_source,
            on_step=on_step,
        )
        texts = [
            row[1 : length - 1]
            for row, length in zip(final.tokens.tolist(), final.lengths.tolist(), strict=True)
        ]
        candidates = []
        for first, truncated in enumerate(encoded.truncated):
            few = [
                read_candidate(tokenizer, row, truncated=truncated, finished=True)
                for row in texts[first * per_source : (first + 1) * per_source]
            ]
            candidates.append(few * num_samples if decoding.kind == "single" else few)
        return candidates

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: LevenshteinDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`."""
        return read_texts(self.resources.tokenizer, state)
