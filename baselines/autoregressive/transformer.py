"""The encoder-decoder Transformer, written from left to right: system `transformer`.

Source: Vaswani et al., arXiv 1706.03762 (label smoothing: section 5.4; tied embeddings: 3.4).
Deviates: layer norm before the sublayers by default, positions learned by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.attention import BlockShape, Cache, Memory, Norm
from baselines.autoregressive.search import Alphabet, Hypotheses, beam_search, sample
from baselines.embedding import Positions
from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoder
from baselines.texts import encode_sources, encode_targets, never_generated, read_candidate
from benchmark.api import (
    Batch,
    CandidateKind,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    UserError,
    load_weights,
    make_noise,
    read_folder,
    save_folder,
)


@dataclass(frozen=True)
class TransformerConfig:
    """The network and its objective."""

    dim: int = 128
    heads: int = 4
    ffn: int = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.1
    norm: Norm = "pre"
    """Layer norm before the sublayers, or behind the residual sum ("post", as in the paper)."""
    positions: Positions = "learned"
    label_smoothing: float = 0.0
    """Share of the mass that is spread over the vocabulary in training (the paper: 0.1).

    A smoothed model puts that mass on wrong words also when it is sampled.
    """


@dataclass(frozen=True)
class TransformerDecoding:
    """How to decode; the decoder is called once for each token of the longest candidate."""

    method: Literal["sample", "greedy", "beam"] = "sample"
    temperature: float = 1.0
    """Of `sample`; 0 is greedy decoding."""
    top_p: float = 1.0
    """Of `sample`: the nucleus, as a share of the mass."""
    beam: int = 4
    """Of `beam`: live hypotheses, and the length of the n-best list."""
    length_penalty: float = 1.0
    """Of `beam`: exponent of the length that divides the log probability."""
    max_length: int | None = None
    """Tokens at most, end included; None is the target canvas."""

    def __post_init__(self) -> None:
        if self.method not in ("sample", "greedy", "beam"):
            raise UserError(
                f"transformer: method {self.method!r} is unknown: use sample, greedy or beam."
            )
        if not self.temperature >= 0:
            raise UserError(
                f"transformer: temperature {self.temperature} is negative: use 0 or more."
            )
        if not 0 < self.top_p <= 1:
            raise UserError(f"transformer: top_p {self.top_p} is not in (0, 1]: use up to 1.")
        if self.beam < 1:
            raise UserError(f"transformer: beam {self.beam} holds nothing: use 1 or more.")
        if self.max_length is not None and self.max_length < 1:
            raise UserError(f"transformer: max_length {self.max_length}: use 1 or more.")

    @property
    def nfe(self) -> int | None:
        """None: the text decides when it ends."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """Draws are samples, a beam is an n-best list, greedy text is a single one."""
        if self.method == "beam":
            return "n-best"
        return "single" if self.method == "greedy" or self.temperature == 0 else "samples"


class CausalDecoder(Decoder):
    """Predicts each token from the source and the tokens before it."""

    def forward(self, tokens: Tensor, memory: Memory, cache: Cache | None = None) -> Tensor:
        """Logits `(rows, length, vocab)` of the tokens that follow `tokens` `(rows, length)`.

        With a cache, `tokens` continue what it holds, one position at a time.
        """
        start = 0 if cache is None else cache.length
        x = self.dropout(self.embed(tokens, start))
        return self.tokens.logits(self.stack(x, memory, causal=True, cache=cache))


class TransformerSystem:
    """Encoder-decoder Transformer: greedy, beam, and sampling by temperature and top-p."""

    id: ClassVar[str] = "transformer"
    family: ClassVar[Family] = "autoregressive"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", likelihood=True, length="free"
    )
    Config: ClassVar[type] = TransformerConfig
    Decoding: ClassVar[type] = TransformerDecoding

    def __init__(self, config: TransformerConfig, resources: Resources) -> None:
        self.config = config
        self.resources = resources
        shape = BlockShape(config.dim, config.heads, config.ffn, config.dropout, config.norm)
        lengths, positions = resources.lengths, config.positions
        self._model = EncoderDecoder(
            Encoder(config.encoder_layers, shape, length=lengths.source, positions=positions),
            CausalDecoder(
                resources.tokenizer.vocab_size,
                config.decoder_layers,
                shape,
                length=lengths.target,
                positions=positions,
            ),
        )

    @property
    def module(self) -> nn.Module:
        """Encoder and decoder."""
        return self._model

    @property
    def network(self) -> nn.Module:
        """The decoder: its calls are the function evaluations; the encoder runs once."""
        return self._model.decoder

    @classmethod
    def build(cls, config: TransformerConfig, resources: Resources) -> "TransformerSystem":
        """A fresh system with weights from torch's global generator."""
        return cls(config, resources)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
        targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": targets.padded(tokenizer.pad_id),
        }

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """Cross entropy in nats a target token, with label smoothing; draws no noise."""
        tokenizer = self.resources.tokenizer
        target: Tensor = batch["target"]
        memory = self._model.encode(batch["source"], tokenizer.pad_id)
        start = target.new_full((target.size(0), 1), tokenizer.bos_id)
        logits = self._model.decoder(torch.cat((start, target[:, :-1]), dim=1), memory)
        log_p = functional.log_softmax(logits.float(), dim=-1)
        inside = target != tokenizer.pad_id
        tokens = int(inside.sum())
        nll = -log_p.gather(-1, target[..., None]).squeeze(-1)[inside].sum() / tokens
        total, smoothing = nll, self.config.label_smoothing
        if smoothing:
            total = (1 - smoothing) * nll - smoothing * log_p.mean(-1)[inside].sum() / tokens
        return LossTerms(total, {"nll": nll.detach()}, tokens)

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: TransformerDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates a source; a single one is decoded once and repeated.

        Raises:
            UserError: if the beam is narrower than `num_samples`, or `max_length` longer than
                the canvas.
        """
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        max_length = decoding.max_length or lengths.target
        if max_length > lengths.target:
            raise UserError(
                f"transformer: max_length {max_length} is beyond the target canvas of"
                f" {lengths.target}: lower it, or raise lengths.target and train again."
            )
        if decoding.method == "beam" and num_samples > decoding.beam:
            raise UserError(
                f"transformer: a beam of {decoding.beam} has no {num_samples} candidates:"
                f" set beam to {num_samples} or more."
            )
        if not sources:
            return []
        encoded = encode_sources(tokenizer, sources, lengths.source)
        self._model.eval()
        device = next(self._model.parameters()).device
        memory = self._model.encode(encoded.padded(tokenizer.pad_id).to(device), tokenizer.pad_id)
        hypotheses = self._decode(
            memory, decoding, max_length, num_samples, seed=seed, ids=ids, on_step=on_step
        )
        candidates = []
        for tokens, logprobs, truncated in zip(
            hypotheses.tokens.tolist(),
            hypotheses.logprob.tolist(),
            encoded.truncated,
            strict=True,
        ):
            few = [
                read_candidate(tokenizer, row, truncated=truncated, logprob=logprob)
                for row, logprob in zip(tokens, logprobs, strict=True)
            ]
            candidates.append(few * num_samples if decoding.kind == "single" else few[:num_samples])
        return candidates

    def _decode(
        self,
        memory: Memory,
        decoding: TransformerDecoding,
        max_length: int,
        num_samples: int,
        *,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None,
    ) -> Hypotheses:
        tokenizer, device = self.resources.tokenizer, memory.mask.device
        forbidden = torch.tensor([*never_generated(tokenizer), tokenizer.pad_id], device=device)
        alphabet = Alphabet(tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id, forbidden)
        if decoding.method == "beam":
            stepper = CachedStepper(self._model.decoder, memory, decoding.beam, max_length)
            return beam_search(
                stepper,
                alphabet,
                sources=len(ids),
                beam=decoding.beam,
                max_length=max_length,
                length_penalty=decoding.length_penalty,
                device=device,
                on_step=on_step,
            )
        greedy = decoding.kind == "single"
        per_source = 1 if greedy else num_samples
        stepper = CachedStepper(self._model.decoder, memory, per_source, max_length)
        noise = make_noise(seed, ids, per_source, device)
        return sample(
            stepper,
            alphabet,
            noise.uniform((max_length,)).unflatten(0, (-1, per_source)),
            temperature=0.0 if greedy else decoding.temperature,
            top_p=1.0 if greedy else decoding.top_p,
            on_step=on_step,
        )

    def save(self, path: Path) -> None:
        """Write config, weights and tokeniser into the folder `path`."""
        save_folder(path, self.config, self.resources, self._model)

    @classmethod
    def load(cls, path: Path, device: str) -> "TransformerSystem":
        """Read what `save` wrote."""
        config, resources = read_folder(path, TransformerConfig)
        system = cls(config, resources)
        load_weights(path, system._model, device)
        return system


class CachedStepper:
    """`baselines.autoregressive.search.Stepper` over a `CausalDecoder`."""

    def __init__(self, decoder: Decoder, memory: Memory, per_source: int, max_length: int) -> None:
        self.decoder = decoder
        self.memory = memory
        self.per_source = per_source
        stack = decoder.stack
        self.cache = Cache(
            len(stack.blocks),
            memory.mask.size(0) * per_source,
            capacity=max_length,
            shape=stack.shape,
            like=memory.keys[0],
        )

    def step(self, tokens: Tensor) -> Tensor:
        """Logits `(rows, vocab)` after one more token a row, `(rows,)`."""
        logits: Tensor = self.decoder(tokens[:, None], self.memory, self.cache)
        return logits[:, -1]

    def reorder(self, rows: Tensor) -> None:
        """Row r goes on as a copy of `rows[r]`, which is of the same source."""
        self.cache.select(rows)

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""
        self.memory = self.memory.select(sources)
        rows = sources[:, None] * self.per_source
        rows = rows + torch.arange(self.per_source, device=rows.device)
        self.cache.select(rows.flatten())
